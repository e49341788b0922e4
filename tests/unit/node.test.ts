import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { pinnedImage } from "../../src/catalogue/lookup.js"
import type { Catalogue, InstalledEntry } from "../../src/catalogue/types.js"
import { baseOf, imageOf, sourceOf } from "../../src/plan/build/components.js"
import { customSourceName } from "../../src/plan/build/customSource.js"
import { bundleItems } from "../../src/plan/bundle/items.js"
import { dockerfile } from "../../src/plan/dockerfile/dockerfile.js"
import { contentFacts, installedInputs, installedResources, reportScript, runtimeReport } from "../../src/plan/packages/installed.js"
import { pinnedVersion } from "../../src/plan/publish/publishedAs.js"
import { checkScript, managerOf, nodeRefusal, tidyScript } from "../../src/plan/toolchains/node/managers.js"
import { nodeVersionOf, servesFor } from "../../src/plan/toolchains/node/version.js"
import { checkToolchains } from "../../src/plan/toolchains/toolchains.js"

describe("the Node that a source needs", () => {
  it.each([
    ['{"engines":{"node":">=22.6"}}', "22.6"],
    ['{"engines":{"node":"^20.19.0 || >=22.12.0"}}', "20.19.0"],
    ['{"engines":{"node":"*"}}', ""],
    ["{}", ""],
  ])("is the first that fits what %s says", (manifest, version) => {
    expect(nodeVersionOf([manifest])).toBe(version)
  })

  it("is the one of .nvmrc, if that names one", () => {
    expect(nodeVersionOf(["{}", "v20.11.1\n"])).toBe("20.11.1")
    expect(nodeVersionOf(['{"engines":{"node":">=18"}}', "lts/iron\n"])).toBe("18")
  })

  it("is named with the file that cannot be read", () => {
    expect(() => nodeVersionOf(["{"])).toThrow("package.json is not valid JSON")
  })

  it.each([
    ["22.6", "24.11.0", true],
    ["22.6", "22.5.1", false],
    ["18", "20.19.2", true],
    ["", "18.0.0", true],
  ])("%s can be %s: %s", (wanted, found, fits) => {
    expect(servesFor(wanted, found)).toBe(fits)
  })
})

describe("the package manager", () => {
  it("is the one whose lock file is there", () => {
    expect(managerOf("{}", ["package.json", "package-lock.json"])).toMatchObject({ name: "npm" })
    const pnpm = '{"packageManager":"pnpm@9.12.0+sha512.ab"}'
    expect(managerOf(pnpm, ["pnpm-lock.yaml", "package-lock.json"])).toMatchObject({ name: "pnpm", version: "9.12.0" })
  })

  it.each([
    ["{}", ["package.json"], "has no lock file (package-lock.json, pnpm-lock.yaml, yarn.lock)"],
    ['{"packageManager":"pnpm@9.0.0"}', ["package-lock.json"], "has no lock file (pnpm-lock.yaml)"],
    ['{"packageManager":"bun@1.2.0"}', ["bun.lock"], "names the package manager bun, which is not known here. Next: use npm, pnpm or yarn"],
    ["{}", ["package-lock.json", "yarn.lock"], "has package-lock.json and yarn.lock. Next: delete one of them"],
    ["{}", ["yarn.lock"], "does not say which version of yarn it needs"],
    ['{"packageManager":"yarn@4.5.0"}', ["yarn.lock"], "asks for yarn 4.5.0. Next: use yarn 1"],
  ])("of %s with %s is refused in one line", (manifest, files, words) => {
    expect(() => managerOf(manifest, files)).toThrow(words)
  })

  it("must find the script that builds", () => {
    expect(() => checkScript({ scripts: { start: "vite" } }, "build")).toThrow(
      "package.json has no script build. Next: add it; it has: start",
    )
    expect(() => checkScript({ scripts: { build: "vite build" } }, "build")).not.toThrow()
  })

  it.each([
    ["npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.", "does not fit package.json"],
    ["npm error 404  'shop-ui@9.9.9' is not in this registry.", "the package shop-ui@9.9.9 is not in the registry"],
    ["npm error code EINTEGRITY\n", "another checksum"],
    ["npm error code ENOTFOUND\n", "check the network"],
  ])("that says %j gets a way on", (output, words) => {
    expect(nodeRefusal(output)).toContain(words)
  })

  it("is silent about errors of the source itself", () => {
    expect(nodeRefusal("src/main.ts(3,1): error TS2304: Cannot find name 'x'.")).toBeUndefined()
  })
})

/** The first component with content that Node makes. */
function pagesOf({ components, sources }: Catalogue): InstalledEntry | undefined {
  const found = Object.values(components).flatMap((entry) => (entry.kind === "installed" && entry.content ? [entry] : []))
  return found.find(({ content }) => content !== undefined && sources[content.source]?.toolchain === "node")
}

describe("a component with content", async () => {
  const catalogue = await loadCatalogue("v7")
  const web = pagesOf(catalogue)
  if (web?.content === undefined) throw new Error("the stack v7 has none")
  const { source, to } = web.content
  const base = baseOf(catalogue, "debian")

  it("has the version of its source", () => {
    const { version, created } = catalogue.pins.sources[source]!
    expect(pinnedVersion(catalogue, web)).toBe(version)
    const server = { version: "1.26", created: "2025-01-01T00:00:00Z", revision: "nginx 1.26" }
    const content = { digest: "a", facts: { version, created }, toolchain: { name: "node", version: "24" } }
    expect(contentFacts(server, content)).toEqual({ version, created, revision: "nginx 1.26" })
    expect(contentFacts(server)).toEqual(server)
  })

  it("is another image after an edit, and with another Node", () => {
    const inputs = (digest: string, node: string) => {
      const content = { digest, facts: { version: "v1", created: "" }, toolchain: { name: "node", version: node } }
      return installedInputs(catalogue, web, base, "nginx 1.26", { reference: "debian@sha256:1", packages: "1" }, [], content)
    }
    expect(inputs("a", "24")).toEqual(inputs("a", "24"))
    expect(inputs("a", "24").source).not.toBe(inputs("b", "24").source)
    expect(inputs("a", "24").toolchain).not.toEqual(inputs("a", "22").toolchain)
  })

  it("is what a checkout of its source stands for", () => {
    expect(sourceOf(web)).toBe(source)
    const { module } = catalogue.sources[source]!
    expect(customSourceName(catalogue, { component: web.name, manifests: { "package.json": `{"name":"${module}"}` } })).toBe(source)
  })

  it("needs its source's packages in a bundle", () => {
    const items = bundleItems(catalogue, { components: [web.name], base: "debian", tools: [], services: [] })
    // Builds with a bundle take their Node from it.
    expect(items).toContainEqual({ kind: "image", references: [pinnedImage(catalogue, "node")] })
    expect(items).toContainEqual({ kind: "source", source })
  })

  it("has a Dockerfile that installs packages before the source is there", () => {
    const text = dockerfile(catalogue, imageOf(catalogue, web.name), base)
    const steps = [
      "COPY --from=source /package.json",
      "npm ci",
      "COPY --from=source / .",
      "npm run build",
      "FROM ${BASE}",
      `COPY --from=build /out/ ${to}/`,
    ]
    const places = steps.map((step) => text.indexOf(step))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  it("must have a source that makes files, and a program one that makes programs", () => {
    const with_ = (components: object) => ({ ...catalogue, components: { ...catalogue.components, ...components } })
    expect(() => checkToolchains(catalogue)).not.toThrow()
    const rust = Object.keys(catalogue.sources).find((name) => catalogue.sources[name]?.toolchain === "rust")!
    expect(() => checkToolchains(with_({ web: { ...web, content: { ...web.content, source: rust } } }) as never)).toThrow(
      "components.web: Rust makes no files",
    )
    const program = Object.values(catalogue.components).find(({ kind }) => kind === "program")!
    expect(() => checkToolchains(with_({ one: { ...program, source } }) as never)).toThrow("Node makes no programs")
  })
})

describe("a service that Node runs", async () => {
  const v7 = await loadCatalogue("v7")
  const web = pagesOf(v7)
  const service = {
    ...web,
    name: "service",
    server: "node",
    start: "start-node",
    content: { source: web?.content?.source, from: "dist", to: "/app", packages: true },
    install: { debian: { packages: ["libstdc++6"], files: [], runtime: true } },
  } as InstalledEntry
  const catalogue = { ...v7, components: { ...v7.components, service } }
  const base = baseOf(catalogue, "debian")
  const changed = (entry: object) => ({ ...catalogue, components: { ...catalogue.components, service: { ...service, ...entry } } }) as never

  it("gets from npm, pnpm or yarn the packages that it needs when it runs", () => {
    const options = [
      ["{}", "package-lock.json"],
      ['{"packageManager":"pnpm@9.0.0"}', "pnpm-lock.yaml"],
      ['{"packageManager":"yarn@1.22.22"}', "yarn.lock"],
    ].map(([manifest = "", file = ""]) => managerOf(manifest, [file]).production[0])
    expect(options).toEqual(["--omit=dev", "--prod", "--production"])
  })

  it("has a Dockerfile with these packages, and with the Node of the build", () => {
    const text = dockerfile(catalogue, imageOf(catalogue, "service"), base)
    const steps = [
      "npm run build",
      "npm ci --omit=dev",
      "cp -R package.json node_modules /out/",
      "FROM ${BASE}",
      "COPY --from=build /out/ /app/",
    ]
    const places = steps.map((step) => text.indexOf(step))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
    expect(text).toContain("COPY --from=build /usr/local/bin/node /usr/local/bin/node")
  })

  it("leaves both out where they are not asked for", () => {
    const text = dockerfile(v7, imageOf(v7, web!.name), base)
    expect(text).not.toMatch(/omit=dev|local\/bin\/node /)
  })

  it("says which Node it has in its label, and its provenance names it once", () => {
    const content = {
      digest: "a",
      facts: { version: "v1", created: "2026-01-01T00:00:00Z" },
      toolchain: { name: "node", version: "24.2.0" },
    }
    expect(runtimeReport(service, content)).toEqual({ version: "24.2.0", created: "2026-01-01T00:00:00Z", origin: "node 24.2.0" })
    // Its provenance has Node as what built the content.
    expect(installedResources(catalogue, service, base, "node 24.2.0", "").map(({ uri }) => uri)).not.toContain("pkg:generic/node@24.2.0")
    expect(reportScript(service, service.install.debian!, base)).not.toContain("dpkg-query")
  })

  it("needs content of a toolchain that has a runtime", () => {
    expect(() => checkToolchains(catalogue)).not.toThrow()
    expect(() => checkToolchains(changed({ content: undefined }))).toThrow(
      "components.service: a runtime runs content, and this component has none",
    )
    const python = { ...catalogue.sources, tool: { ...catalogue.sources[service.content!.source], toolchain: "python" } }
    const pins = { ...catalogue.pins, images: { ...catalogue.pins.images, python: "python:3" } }
    const of = (entry: object) => ({ ...(changed(entry) as typeof catalogue), sources: python, pins }) as never
    const content = { ...service.content, source: "tool" }
    expect(() => checkToolchains(of({ content }))).toThrow("Python has no runtime that goes into an image")
    expect(() => checkToolchains(of({ content, install: web?.install }))).toThrow("Python brings its packages anyway")
  })
})

describe("what goes into an image", () => {
  const folder = mkdtempSync(join(tmpdir(), "node-"))
  afterAll(() => rmSync(folder, { recursive: true }))

  it("is packages without what managers keep for themselves", () => {
    const kept = ["node_modules/ws/index.js", "node_modules/@redis/client/dist/index.js"]
    const gone = [
      "node_modules/.bin/tsc",
      "node_modules/ws/node_modules/.bin/x",
      "node_modules/ws/package-lock.json",
      "node_modules/.package-lock.json",
      "node_modules/.modules.yaml",
      "node_modules/.pnpm/lock.yaml",
      "node_modules/.pnpm-workspace-state.json",
      "node_modules/.yarn-integrity",
      "node_modules/.cache/x",
    ]
    for (const file of [...kept, ...gone]) {
      mkdirSync(join(folder, dirname(file)), { recursive: true })
      writeFileSync(join(folder, file), "")
    }
    execFileSync("sh", ["-euc", tidyScript], { cwd: folder })
    expect(kept.map((file) => existsSync(join(folder, file)))).toEqual(kept.map(() => true))
    expect(gone.filter((file) => existsSync(join(folder, file)))).toEqual([])
  })

  it("may be no package at all", () => {
    const empty = mkdtempSync(join(folder, "empty-"))
    execFileSync("sh", ["-euc", tidyScript], { cwd: empty })
    expect(existsSync(join(empty, "node_modules"))).toBe(true)
  })
})

describe("start-node", () => {
  const start = (env: Record<string, string>, ...words: string[]) => {
    try {
      const options = { env: { PATH: process.env.PATH, ...env }, encoding: "utf8" as const, stdio: "pipe" as const }
      return { code: 0, said: execFileSync("sh", ["shell/start-node.sh", ...words], options) }
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string }
      return { code: status, said: stderr }
    }
  }
  const printed = { NODE_SECRETS: "TOKEN_SECRET" }

  it("refuses to start without a secret that the service needs", () => {
    expect(start(printed)).toEqual({
      code: 1,
      said: "start-node: no TOKEN_SECRET: set TOKEN_SECRET or TOKEN_SECRET_FILE, or ALLOW_EMPTY_PASSWORD=yes on a private network\n",
    })
    expect(start({ ...printed, TOKEN_SECRET_FILE: "/missing" }).said).toContain("TOKEN_SECRET_FILE cannot be read")
  })

  it.each([[{ TOKEN_SECRET: "x" }], [{ TOKEN_SECRET_FILE: "package.json" }], [{ ALLOW_EMPTY_PASSWORD: "yes" }]])(
    "starts with %j",
    (env) => {
      expect(start({ ...printed, ...(env as Record<string, string>) }, "node", "-p", "6 * 7")).toEqual({ code: 0, said: "42\n" })
    },
  )

  it("is not healthy where nothing answers", () => {
    expect(start({ HEALTH_PORT: "1" }, "health").code).toBe(1)
  })
})
