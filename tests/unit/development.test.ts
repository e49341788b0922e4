// Images for developers: what they may hold that others may not, and that nothing takes them unasked.

import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { readDeployment } from "../../src/catalogue/deployment.js"
import { loadCatalogue, loadDeployment } from "../../src/catalogue/load.js"
import type { Catalogue, InstalledEntry } from "../../src/catalogue/types.js"
import { imageOf } from "../../src/plan/build/components.js"
import { shellOf, userPlan } from "../../src/plan/build/image.js"
import { bundleItems, itemTitle, prewarmRequest } from "../../src/plan/bundle/items.js"
import { deploymentOf } from "../../src/plan/deploy/files.js"
import { dockerfile, dockerfilesByPath } from "../../src/plan/dockerfile/dockerfile.js"
import { installedInputs } from "../../src/plan/packages/installed.js"
import { chosenComponents } from "../../src/plan/publish/released.js"
import { fileQuestions } from "../../src/plan/tests/smoke.js"
import { fixtureCatalogue, fixtureText } from "./fixtures.js"

const catalogue = await fixtureCatalogue()
const base = catalogue.bases["debian"]!
const redis = imageOf(catalogue, "redis") as InstalledEntry
const [one, other] = Object.keys(catalogue.pins.tools)
const workbench: InstalledEntry = {
  ...redis,
  name: "workbench",
  development: true,
  install: { debian: { packages: ["golang-go"], files: ["/usr/bin/go"], tools: [one!, other!] } },
}
const within = (component: InstalledEntry): Catalogue => ({
  ...catalogue,
  components: { ...catalogue.components, [component.name]: component },
})

describe("an image for developers", () => {
  it("lets its user log in, and may hold compilers, but no key", () => {
    expect(userPlan(catalogue.user, "/data", [], shellOf(workbench)).passwd).toMatch(/:\/data:\/bin\/bash$/)
    expect(userPlan(catalogue.user, "/data", [], shellOf(redis)).passwd).toMatch(/:\/sbin\/nologin$/)
    const asked = (development?: boolean) => fileQuestions("/image", development).map(([what]) => what)
    expect(asked()).toEqual(expect.arrayContaining(["no compiler is there", "no source is there"]))
    expect(asked(true)).not.toContain("no compiler is there")
    expect(asked(true)).toContain("no key of the SSH server is there")
    expect(asked(true)).toContain("no program can act as another user (setuid, setgid)")
  })

  it("is built for none who did not ask for it", () => {
    const all = within(workbench)
    const asked = { components: [] as string[], base: "debian", tools: [], services: false }
    expect(prewarmRequest(all, asked).components).toEqual(prewarmRequest(catalogue, asked).components)
    expect(prewarmRequest(all, { ...asked, components: ["workbench"] }).components).toEqual(["workbench"])
  })

  it("is refused in a deployment", () => {
    const text = fixtureText("deployment.yaml").replace("component: redis", "component: workbench")
    expect(() => readDeployment("deployment.yaml", text, within(workbench))).toThrow(
      "workbench is for developers alone: no deployment runs it",
    )
  })
})

describe("further tools of an image", () => {
  it("are in its Dockerfile, each from its checksum", () => {
    const text = dockerfile(within(workbench), workbench, base)
    for (const name of [one!, other!]) {
      const { module, version, sum } = catalogue.pins.tools[name]!
      expect(text).toContain(`/module/fetch ${module} ${version} ${sum}`)
      expect(text).toContain(`COPY --from=go /out/${name} /usr/local/bin/`)
    }
    expect(text.indexOf("rm -rf /module/source")).toBeGreaterThan(text.indexOf(`-o /out/${one} `))
  })

  it("are fetched for a bundle, and make another image where their pins are others", () => {
    const titles = bundleItems(within(workbench), { components: ["workbench"], base: "debian", tools: [], services: [] }).map((item) =>
      itemTitle(catalogue, item),
    )
    for (const name of [one!, other!]) expect(titles).toContain(`Go modules of ${name} ${catalogue.pins.tools[name]!.version}`)
    const prepared = { reference: "debian@sha256:1", packages: "1" }
    const inputs = (made: Catalogue) => installedInputs(made, workbench, base, "r", prepared, [])
    const pins = {
      ...catalogue.pins,
      tools: { ...catalogue.pins.tools, [other!]: { ...catalogue.pins.tools[other!]!, version: "v9.9.9" } },
    }
    expect(inputs({ ...within(workbench), pins }).recipe).not.toBe(inputs(within(workbench)).recipe)
    expect(inputs(within(workbench)).recipe).toBe(inputs(within(workbench)).recipe)
  })
})

describe("the image for developers of Kratos' service", async () => {
  const kratos = await loadCatalogue("kratos")
  const entry = imageOf(kratos, "app-dev") as InstalledEntry
  const app = imageOf(kratos, "app")
  const compose = parse(readFileSync("examples/kratos/docker-compose.dev.yml", "utf8")) as {
    services: Record<string, { image: string; ports?: string[]; volumes: string[]; environment: Record<string, string> }>
  }

  it("is part of no release and no deployment that does not name it", async () => {
    expect(chosenComponents(kratos, [])).not.toContain("app-dev")
    const data = (await loadDeployment(kratos, "kratos"))!
    const request = { profiles: Object.keys(data.profiles), official: false, base: kratos.bases["debian"]!, images: {} }
    expect(deploymentOf(kratos, data, request).services.map(({ component }) => component)).not.toContain("app-dev")
  })

  it("makes no key of a server, and takes no password", () => {
    const keys = entry.install["debian"]!.without!.filter((path) => path.startsWith("/etc/ssh/ssh_host_"))
    expect(keys).toHaveLength(6)
    const start = readFileSync(`shell/${entry.start}.sh`, "utf8")
    for (const option of ["AuthenticationMethods=publickey", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no"])
      expect(start).toContain(`-o ${option}`)
  })

  it("keeps the debugger on its loopback: it asks for no password", () => {
    expect(entry.env["DEBUGGER"]).toMatch(/^127\.0\.0\.1:/)
    expect(entry.ports).toEqual(expect.arrayContaining(app.ports))
  })

  it("runs with its database and its cache, and shows ports to its own machine alone", () => {
    const { dev, "cross-redline-db": database } = compose.services
    const images = Object.values(compose.services).map(({ image }) => image.replace(/^xredline-/, ""))
    for (const name of images) expect(Object.keys(kratos.components)).toContain(name)
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? [])
    expect(ports.every((port) => port.startsWith("127.0.0.1:"))).toBe(true)
    expect(ports.map((port) => Number(port.split(":")[2]))).toEqual(expect.arrayContaining([...entry.ports, 5432]))
    const config = readFileSync("examples/kratos/configs/config.development.yaml", "utf8")
    expect(config).toContain(`:cross-redline-db:5432}`)
    expect(config).toContain(`DATABASE_PASSWORD:${database!.environment["POSTGRES_PASSWORD"]}}`)
    expect(config).toContain(`DATABASE_NAME:${database!.environment["POSTGRES_DB"]}}`)
    expect(dev!.volumes.some((volume) => volume.endsWith(`:${dev!.environment["AUTHORIZED_KEYS_FILE"]}:ro,z`))).toBe(true)
  })

  it.each(Object.keys(dockerfilesByPath(kratos)))("%s is as the catalogue has it", async (path) => {
    const hint = `${path} is old: ./daggerw -y call --stack=kratos dockerfiles writes it`
    await expect(dockerfilesByPath(kratos)[path], hint).toMatchFileSnapshot(`../../${path}`)
  })
})
