import { beforeAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { readStack } from "../../src/catalogue/stack.js"
import type { BuiltEntry, Catalogue } from "../../src/catalogue/types.js"
import { builtOf } from "../../src/plan/build/components.js"
import { launchPlan } from "../../src/plan/build/launch.js"
import { withFreshSecrets } from "../../src/plan/stack/services.js"

/** Two programs, one of which registers; what the plan is made from. */
const stack = (more: { start?: string; stores?: string; supervisor?: string } = {}) => `
stack: post
title: Post
sources:
  post:
    title: Post
    url: https://git.example.com/post
    toolchain: go
    module: example.com/post
    image:
      home: /post
      config: /post/config
      logs: /post/logs
      arguments: ["-c", /post/config]
      start:
        secrets:
          POST_MAIN_SECRET: [letmein, secret]
        allowSecrets: POST_ALLOW
        stores: ${more.start ?? "{ Postgres: { variables: [POST_DB_URL, POST_DB_HOST], port: 5432 }, Search: { variables: [POST_SEARCH], when: { POST_ENGINE: solr } } }"}
user: { name: post, uid: 10001 }
components:
  post:
    purpose: All of it
    source: post
    stages: [[sorter], [desk]]
    image: example/post
    rhythm: daily
    mode: auto
    needs: [db]
    connect: { POST_DB_PASSWORD: known-to-all, POST_DB_HOST: db }
  sorter:
    purpose: Sorts
    source: post
    program: sorter
    package: cmd/sorter
    ports: [7000]
    probe: 7000
    address: { variable: POST_SORTER_IP, listen: POST_SORTER_LISTEN }
    stores: ${more.stores ?? "[Postgres]"}
    image: example/sorter
    rhythm: daily
    mode: auto
  desk:
    purpose: Talks to people
    source: post
    program: desk
    package: cmd/desk
    image: example/desk
    rhythm: daily
    mode: auto
bases:
  debian: { image: "docker.io/library/debian:trixie-slim", distribution: debian, packages: [ca-certificates], probe: bash }
supervisor:
  { backoffDelay: 1s, backoffFactor: 2, backoffLimit: 10s, checkPeriod: 15s, downChecks: 4, waitSeconds: 5${more.supervisor ?? ""} }
services:
  db:
    purpose: Keeps it
    image: postgres
    packaged: { packages: [postgresql] }
    command: [start-db, --password=known-to-all]
    env: { DB_PASSWORD: known-to-all, DB_NAME: post }
    ready: [probe, "db://:known-to-all@127.0.0.1"]
front:
  service: db
  ports: { "7000": "post:7000" }
  fresh: [known-to-all]
`

const read = (more?: Parameters<typeof stack>[0]) => readStack("stack.yaml", stack(more)) as Catalogue
const planOf = (catalogue: Catalogue, component: string) => launchPlan(catalogue, builtOf(catalogue, component))

describe("the plan of an image's start", () => {
  it("of a single program has its own stores and addresses only", () => {
    const catalogue = read()
    expect(planOf(catalogue, "sorter")).toEqual({
      command: ["/usr/local/bin/sorter"],
      config: "/post/config",
      secrets: [{ variable: "POST_MAIN_SECRET", known: ["letmein", "secret"] }],
      allow: "POST_ALLOW",
      addresses: [{ variable: "POST_SORTER_IP", listen: "POST_SORTER_LISTEN" }],
      stores: [{ name: "Postgres", variables: ["POST_DB_URL", "POST_DB_HOST"], port: "5432", when: {} }],
    })
    expect(planOf(catalogue, "desk")).toMatchObject({ addresses: [], stores: [] })
  })

  it("of a group has those of all its programs, and when to give up", () => {
    expect(planOf(read(), "post")).toMatchObject({
      command: ["/usr/local/bin/pebble", "run", "--verbose"],
      addresses: [{ variable: "POST_SORTER_IP" }],
      stores: [{ name: "Postgres" }],
      supervisor: {
        programs: [
          { name: "sorter", port: 7000 },
          { name: "desk", port: 0 },
        ],
        provenSeconds: 60,
        giveUpSeconds: 60,
      },
    })
    expect(planOf(read({ supervisor: ", provenSeconds: 100, giveUpSeconds: 200" }), "post").supervisor).toMatchObject({
      provenSeconds: 100,
      giveUpSeconds: 200,
    })
  })

  it("names what stack.yaml has wrong", () => {
    expect(() => read({ stores: "[Postgre]" })).toThrow(
      'stores[0]: expected a store of source post, found "Postgre". Did you mean "Postgres"?',
    )
    expect(() => read({ start: "{ Postgres: { port: 5432 } }" })).toThrow("expected the variables that name its addresses")
  })
})

describe("a stack that is shown", () => {
  it("has other passwords, the same ones on both sides", () => {
    const { catalogue, changed } = withFreshSecrets(read(), () => "new")
    expect(catalogue.services.db).toMatchObject({
      command: ["start-db", "--password=new"],
      env: { DB_PASSWORD: "new", DB_NAME: "post" },
      ready: ["probe", "db://:new@127.0.0.1"],
    })
    expect(catalogue.components.post).toMatchObject({ connect: { POST_DB_PASSWORD: "new", POST_DB_HOST: "db" } })
    expect(changed).toEqual({ DB_PASSWORD: "new", POST_DB_PASSWORD: "new" })
  })

  it("replaces a password that is a part of another for itself", () => {
    const catalogue = read()
    catalogue.front!.fresh = ["all", "known-to-all"]
    let count = 0
    const { catalogue: fresh } = withFreshSecrets(catalogue, () => `new${++count}`)
    expect(fresh.services.db.env.DB_PASSWORD).toBe("new2")
  })
})

describe("the stack of OpenIM", () => {
  let catalogue: Catalogue
  beforeAll(async () => {
    catalogue = await loadCatalogue("openim")
  })

  const built = () =>
    Object.values(catalogue.components).filter((entry): entry is BuiltEntry => entry.kind === "program" || entry.kind === "group")

  it("refuses a well-known secret in every image that is built from a source", () => {
    for (const component of built()) {
      const { secrets, allow } = launchPlan(catalogue, component)
      expect(
        secrets.flatMap(({ known }) => known),
        component.name,
      ).toContain("openIM123")
      expect(allow, component.name).not.toBe("")
    }
  })

  it("gives its own secrets to the suites that it runs itself, and other ones to what it shows", () => {
    const { catalogue: shown } = withFreshSecrets(catalogue, () => "random")
    for (const group of built().filter((entry) => entry.kind === "group")) {
      for (const { variable, known } of launchPlan(catalogue, group).secrets) {
        expect(group.connect[variable], variable).toBeTruthy()
        expect(known).not.toContain(group.connect[variable])
        expect((shown.components[group.name] as typeof group).connect[variable], variable).toBe("random")
      }
    }
  })

  it("gives every program with its own port for other programs an address", () => {
    const silent = built()
      .filter((entry) => entry.kind === "program" && entry.address === undefined)
      .map(({ name }) => name)
    // They are called by clients only, or by nobody.
    expect(silent).toEqual(["server-msgtransfer", "server-api", "server-crontask", "chat-api", "chat-admin-api"])
  })
})
