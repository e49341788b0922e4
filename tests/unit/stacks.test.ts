// What holds for every stack of this project, and what the documents of V7 say about its deployment.

import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { loadCatalogue, loadDeployment, stackNames } from "../../src/catalogue/load.js"
import { deploymentOf } from "../../src/plan/deploy/files.js"
import { quadletFiles } from "../../src/plan/deploy/quadlet.js"
import { checkToolchains, toolchainOf } from "../../src/plan/toolchains/toolchains.js"
import { watchedOf } from "../../src/plan/versions/watch.js"

const root = new URL("../../", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), "utf8")
describe.each(stackNames())("the stack %s", async (stack) => {
  const catalogue = await loadCatalogue(stack)

  it("is called as its folder, and its toolchains are known", () => {
    expect(catalogue.stack).toBe(stack)
    expect(() => checkToolchains(catalogue)).not.toThrow()
  })

  it.each(Object.entries(catalogue.sources).flatMap(([name, { folder }]) => (folder === undefined ? [] : [[name, folder]])))(
    "the source %s in %s has the name and the version that the stack says",
    (name, folder) => {
      const entry = catalogue.sources[name!]!
      const { manifest, moduleOf } = toolchainOf(entry)
      const text = read(`${folder}/${manifest}`)
      expect(moduleOf(text)).toBe(entry.module)
      const version = /^\s*"?version"?\s*[=:]\s*"([^"]+)"/m.exec(text)?.[1]
      // A go.mod has none.
      if (version !== undefined) expect(catalogue.pins.sources[name!]?.version).toBe(`v${version}`)
    },
  )
})

describe("the deployment of V7", async () => {
  const catalogue = await loadCatalogue("v7")
  const data = (await loadDeployment(catalogue, "v7"))!
  const compose = parse(read("compose/v7/docker-compose.prod.yml"))

  it("has the documents' network, names and ports", () => {
    expect(compose.networks.services.name).toBe("v7-network")
    const { routes, services } = data
    expect(Object.keys(services)).toEqual(expect.arrayContaining(["backend", "web"]))
    const byPort = Object.values(routes).flatMap((route) => ("port" in route ? [[route.port, route.service, route.target]] : []))
    expect(byPort).toContainEqual([5173, "web", 3000])
    expect(byPort).toContainEqual([3000, "backend", 3000])
    expect(catalogue.components.backend).toMatchObject({ registry: "ghcr.io", image: "hellocplusplus0/v7/backend" })
    expect(catalogue.components.web).toMatchObject({ registry: "ghcr.io", image: "hellocplusplus0/v7/web" })
  })

  it("starts the backend before the pages, and the edge last", () => {
    const request = { profiles: [], official: false, base: catalogue.bases.debian!, images: {} }
    const stages = Object.fromEntries(deploymentOf(catalogue, data, request).services.map(({ name, stage }) => [name, stage]))
    expect(stages.backend).toBeLessThan(stages.web!)
    expect(stages.web).toBeLessThan(stages.edge!)
  })

  it("has the same network's name in systemd's units", () => {
    const request = { profiles: [], official: false, base: catalogue.bases.debian!, images: {} }
    const units = quadletFiles(deploymentOf(catalogue, data, request), {
      project: "v7",
      profiles: ["all"],
      settings: {},
      folder: "/opt/v7",
      images: {},
    } as never)
    expect(units["v7-services.network"]).toContain("NetworkName=v7-network")
    expect(units["v7-public.network"]).toContain("NetworkName=v7_public")
  })
})

describe("a source that is a folder of this project", async () => {
  const catalogue = await loadCatalogue("v7")

  it("is not watched for newer versions, and needs no commit", () => {
    const names = watchedOf(catalogue).map(({ name }) => name)
    for (const [name, { folder }] of Object.entries(catalogue.sources)) expect(names.includes(name)).toBe(folder === undefined)
    for (const name of Object.keys(catalogue.sources)) expect(catalogue.pins.sources[name]?.commit).toBeUndefined()
  })

  it("needs a commit once it is a repository", async () => {
    const text = (file: string) => Promise.resolve(read(`stacks/v7/${file}`).replace(/^ {4}folder: .*\n/m, ""))
    await expect(loadCatalogue("v7", text)).rejects.toThrow(
      /sources\.[\w-]+\.commit: expected the commit of sources\.[\w-]+ in stack\.yaml, found nothing/,
    )
  })
})
