import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { loadCatalogue, loadDeployment } from "../../src/catalogue/load.js"
import type { InstalledEntry } from "../../src/catalogue/types.js"
import { imageOf } from "../../src/plan/build/components.js"
import { deploymentOf } from "../../src/plan/deploy/files.js"

describe("the deployment of the IM application", async () => {
  const catalogue = await loadCatalogue("im-app")
  const data = (await loadDeployment(catalogue, "im-app"))!
  const request = { profiles: [], official: false, base: catalogue.bases.debian!, images: {} }
  const compose = parse(readFileSync("compose/im-app/docker-compose.prod.yml", "utf8"))

  it("has the documents' ports, and none for the database and Redis", () => {
    const byPort = Object.values(data.routes).flatMap((route) => ("port" in route ? [[route.port, route.service, route.target]] : []))
    expect(byPort).toEqual(
      expect.arrayContaining([
        [5173, "client", 5173],
        [4000, "backend", 4000],
        [9000, "minio", 9000],
        [9001, "minio", 9001],
      ]),
    )
    const services = Object.entries<{ ports?: unknown }>(compose.services)
    const published = services.flatMap(([name, { ports }]) => (ports === undefined ? [] : [name]))
    expect(published).toEqual(["edge"])
    expect([data.settings.HTTP_PORT?.default, data.settings.HTTPS_PORT?.default]).toEqual(["80", "443"])
  })

  it("starts the stores, then the API, then the client", () => {
    const stages = Object.fromEntries(deploymentOf(catalogue, data, request).services.map(({ name, stage }) => [name, stage]))
    for (const store of ["postgresql", "redis", "minio"]) expect(stages[store]).toBeLessThan(stages.backend!)
    expect(stages.backend).toBeLessThan(stages.client!)
  })

  it("keeps what the stores have in volumes, and several instances of the API may run", () => {
    for (const store of ["postgresql", "redis", "minio"]) expect(Object.keys(data.services[store]!.volumes)).toEqual([store])
    expect(data.services.backend?.scalable).toBe(true)
    expect(data.services.backend?.volumes ?? {}).toEqual({})
  })

  it("gives the API its secrets as files", () => {
    const { environment } = compose.services.backend
    expect(JSON.stringify(environment)).toContain("JWT_SECRET_FILE")
    expect(Object.keys(environment).filter((name) => /(SECRET|PASSWORD)$/.test(name))).toEqual([])
  })
})

describe("the images of the IM application", async () => {
  const catalogue = await loadCatalogue("im-app")

  it("have a client that passes the API on, WebSockets as well", () => {
    const client = imageOf(catalogue, "client")
    expect(client).toMatchObject({ env: { PAGES_PROXY: "/api/=http://backend:4000" } })
    expect(readFileSync("shell/start-pages.sh", "utf8")).toContain("proxy_set_header Upgrade \\$http_upgrade;")
  })

  it("take the stores as the stack openim describes them", async () => {
    const openim = await loadCatalogue("openim")
    for (const store of ["redis", "minio", "postgresql"]) {
      const [own, other] = [catalogue, openim].map((one) => {
        const { install, start, data, ports, env } = imageOf(one, store) as InstalledEntry
        return { install: { ...install.debian, ...install.any }, start, data, ports, env }
      })
      expect(own).toEqual(other)
    }
  })
})
