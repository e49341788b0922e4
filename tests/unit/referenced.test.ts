// Services whose images are those of others, in profiles that a kit has only where they are named.

import { spawnSync } from "node:child_process"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { readDeployment } from "../../src/catalogue/deployment.js"
import { loadCatalogue, loadDeployment } from "../../src/catalogue/load.js"
import { referenceOf } from "../../src/plan/build/components.js"
import type { DeploymentRequest } from "../../src/plan/deploy/deployment.js"
import { deploymentFiles, deploymentOf } from "../../src/plan/deploy/files.js"
import { quadletFiles } from "../../src/plan/deploy/quadlet.js"
import { chartFiles } from "../../src/plan/kubernetes/charts.js"
import { fixtureCatalogue, fixtureText } from "./fixtures.js"

interface Compose {
  services: Record<string, Record<string, unknown> & { environment: Record<string, string>; ports?: string[]; networks: string[] }>
  networks: Record<string, { internal: boolean }>
}

describe("a profile that must be named", async () => {
  const catalogue = await fixtureCatalogue()
  const more = (text: string) =>
    text
      .replace("\nnetworks:", "  looks: { purpose: core with looks, memoryMiB: 2048, onlyNamed: true }\n\nnetworks:")
      .replace("\nservices:", '  LOOK_PORT: { group: address, kind: port, purpose: Looks, default: "3001", with: looks }\n\nservices:')
      .replace(
        "\nservices:",
        `
services:
  looks:
    component: web
    profiles: [looks]
    texts:
      /etc/looks/looks.yml: |
        price: $5
    writable: true
    networks: [front]
    memoryMiB: 64
    cpus: 0.5
    health: { test: [CMD, "true"] }
`,
      )
      .replace("publish: {", "publish: { LOOK_PORT: 3001,")
      .replace(
        "\nroutes:",
        "\nroutes:\n  looks: { port: 3001, portSetting: LOOK_PORT, service: looks, target: 80, login: { user: ann, password: SECRET } }",
      )
  const data = readDeployment("deployment.yaml", more(fixtureText("deployment.yaml")), catalogue)
  const request = (...profiles: string[]): DeploymentRequest => ({
    profiles,
    official: false,
    base: catalogue.bases["debian"]!,
    images: {},
  })
  const files = (...profiles: string[]) => deploymentFiles(catalogue, data, request(...profiles))
  const compose = (...profiles: string[]) => parse(files(...profiles)["docker-compose.prod.yml"]!) as Compose

  it("leaves no trace in a kit that does not have it, nor in the charts", () => {
    const other = readDeployment("deployment.yaml", fixtureText("deployment.yaml"), catalogue)
    expect(files()).toEqual(deploymentFiles(catalogue, other, request()))
    expect(chartFiles(catalogue, data)).toEqual(chartFiles(catalogue, other))
  })

  it("has its service, setting, port and files where it is named", () => {
    const { services } = compose("core", "looks")
    expect(services["looks"]).toMatchObject({ profiles: ["looks"], read_only: false })
    expect(services["looks"]!["volumes"]).toEqual(["./files/looks/looks.yml:/etc/looks/looks.yml:ro,z"])
    expect(files("core", "looks")["files/looks/looks.yml"]).toBe("price: $5\n")
    expect(services["edge"]!.ports).toContain("${LOOK_PORT:-3001}:3001")
    expect(files("core", "looks")["env.template"]).toContain("\nLOOK_PORT=3001\n")
  })

  it("is the same in systemd's units", () => {
    const deployment = deploymentOf(catalogue, data, request("core", "looks"))
    const unit = quadletFiles(deployment, { project: "im", profiles: ["looks"], settings: {}, folder: "/im" })["im-looks.container"]
    expect(unit).toContain("ReadOnly=false")
    expect(unit).toContain("Volume=/im/files/looks/looks.yml:/etc/looks/looks.yml:ro,z")
  })

  it("asks for the login at its port, and keeps it from the service", () => {
    const edge = files("core", "looks")["haproxy.cfg"]!
    expect(edge).toContain('userlist looks\n  user ann insecure-password "$SECRET"')
    const listener = /frontend port-3001[\s\S]*?default_backend looks/.exec(edge)![0]
    expect(listener).toContain("http-request auth realm looks unless { http_auth(looks) }")
    expect(listener).toContain("http-request del-header Authorization")
    expect(edge.replace(listener, "")).not.toContain("http_auth")
  })

  it("names only services that are there", () => {
    const wrong = more(fixtureText("deployment.yaml")).replace("with: looks", "with: lookz")
    expect(() => readDeployment("deployment.yaml", wrong, catalogue)).toThrow("the name of a service")
  })
})

/** What holds for every service of others, whatever it is. */
describe.each([
  ["im-app", "studio", ["studio", "postgres-meta"], "studio", 3001],
  ["kratos", "logs", ["filebeat", "logstash", "elasticsearch", "kibana"], "kibana", 5601],
])("the profile of %s with %s", async (stack, profile, names, shown, port) => {
  const catalogue = await loadCatalogue(stack)
  const data = (await loadDeployment(catalogue, stack))!
  const request = (...profiles: string[]) => ({ profiles, official: false, base: catalogue.bases["debian"]!, images: {} })
  const texts = deploymentFiles(catalogue, data, request("all", profile))
  const compose = parse(texts["docker-compose.prod.yml"]!) as Compose

  it("has images of others by a version, which no kit has unless it is named", () => {
    for (const name of names) {
      const component = catalogue.components[name]!
      if (component.kind !== "reference") throw new Error(`${name} is no reference`)
      expect(referenceOf(catalogue, component)).toMatch(/:v?\d+\.\d+\.\d+/)
      expect(compose.services[name]!["image"]).toContain(referenceOf(catalogue, component))
    }
    const usual = deploymentOf(catalogue, data, request()).services.map(({ name }) => name)
    expect(usual.filter((name) => names.includes(name))).toEqual([])
  })

  it("has networks that one of its services is in, in both of its files", () => {
    for (const one of [request(), request("all", profile)]) {
      const { networks, services } = deploymentOf(catalogue, data, one)
      const joined = new Set(services.flatMap((service) => service.networks))
      expect(networks.map(({ name }) => name).sort()).toEqual([...joined].sort())
      const file = parse(deploymentFiles(catalogue, data, one)["docker-compose.prod.yml"]!) as { networks: object }
      expect(Object.keys(file.networks).sort()).toEqual([...joined].sort())
    }
  })

  it("gives passwords as files, and none that everybody knows", () => {
    const secrets = deploymentOf(catalogue, data, request("all", profile)).settings.filter(
      ({ kind, uses }) => kind === "secret" && uses.some(({ service }) => names.includes(service)),
    )
    expect(secrets.length).toBeGreaterThan(1)
    for (const { name, default: given, generate, optional } of secrets) {
      expect([name, given, optional]).toEqual([name, undefined, false])
      expect(generate, name).toBeGreaterThanOrEqual(32)
    }
    for (const name of names) {
      const { environment = {} } = compose.services[name]!
      expect(Object.keys(environment).filter((one) => /(PASSWORD|KEY)$/.test(one))).toEqual([])
    }
  })

  it("limits them, and publishes none: who is outside comes through the edge", () => {
    for (const name of names) {
      const { ports, networks, ...service } = compose.services[name]!
      expect([name, ports]).toEqual([name, undefined])
      expect(networks.every((network) => compose.networks[network]!.internal)).toBe(true)
      expect(service).toMatchObject({ cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"], restart: "always" })
      expect(service["mem_limit"]).toMatch(/^\$\{[A-Z_]+_MEMORY:-\d+m\}$/)
      expect(String(service["user"])).toMatch(/^[1-9]/)
    }
    const memory = Object.values(data.services).reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)
    expect(data.profiles[profile]!.memoryMiB).toBeGreaterThanOrEqual(memory)
    const route = Object.values(data.routes).find((one) => "port" in one && one.port === port)
    expect(route).toMatchObject({ service: shown })
    expect(compose.services["edge"]!.ports!.some((one) => one.endsWith(`:${port}`))).toBe(true)
  })

  it("has commands and scripts that a shell can read", () => {
    const folder = mkdtempSync(`${tmpdir()}/shell-`)
    const scripts = [
      ...names.flatMap((name) => {
        const { command = [], health } = data.services[name]!
        return [command, health.test ?? []].flatMap((words) => (/^(ba)?sh$/.test(words.at(-3) ?? "") ? [words.at(-1)!] : []))
      }),
      ...Object.entries(texts).flatMap(([path, text]) => (path.endsWith(".sh") ? [text] : [])),
    ]
    expect(scripts.length).toBeGreaterThan(1)
    for (const script of scripts) {
      writeFileSync(`${folder}/script`, script)
      expect(spawnSync("bash", ["-n", `${folder}/script`], { encoding: "utf8" }).stderr).toBe("")
    }
  })
})

describe("Studio", async () => {
  const catalogue = await loadCatalogue("im-app")
  const data = (await loadDeployment(catalogue, "im-app"))!
  const base = catalogue.bases["debian"]!
  const compose = parse(
    deploymentFiles(catalogue, data, { profiles: ["all", "studio"], official: false, base, images: {} })["docker-compose.prod.yml"]!,
  ) as Compose

  it("asks for a login at the edge, as it has none", () => {
    expect(data.routes["studio"]).toMatchObject({ target: 3000, login: { password: "STUDIO_PASSWORD" } })
    const { environment, secrets } = compose.services["edge"]!
    expect(environment).toMatchObject({ HAPROXY_SECRETS: "STUDIO_PASSWORD", STUDIO_PASSWORD_FILE: "/run/secrets/studio_password" })
    expect(secrets).toContain("studio_password")
  })

  it("names the same database and key as what it asks", () => {
    const [studio, meta] = [compose.services["studio"]!, compose.services["postgres-meta"]!]
    expect(studio.environment["STUDIO_PG_META_URL"]).toBe(`http://postgres-meta:${meta.environment["PG_META_PORT"]}`)
    expect(studio["secrets"]).toEqual(meta["secrets"])
    const { POSTGRES_USER, POSTGRES_DB } = compose.services["postgresql"]!.environment
    expect(studio.environment).toMatchObject({ POSTGRES_HOST: "postgresql", POSTGRES_DB, POSTGRES_USER_READ_WRITE: POSTGRES_USER })
  })
})

describe("the chain of logs", async () => {
  const catalogue = await loadCatalogue("kratos")
  const data = (await loadDeployment(catalogue, "kratos"))!
  const request = { profiles: ["core", "logs"], official: false, base: catalogue.bases["debian"]!, images: {} }
  const files = deploymentFiles(catalogue, data, request)
  const compose = parse(files["docker-compose.prod.yml"]!) as Compose

  it("goes from the service to Filebeat, Logstash and Elasticsearch, each at the port where the next listens", () => {
    const address = compose.services["app"]!.environment["XREDLINE_LOG_ADDRESS"]!
    const filebeat = parse(files["files/filebeat/filebeat.yml"]!) as Record<string, unknown>
    expect(filebeat["filebeat.inputs"]).toMatchObject([{ type: "tcp", host: `0.0.0.0:${address.split(":")[1]}` }])
    const pipeline = files["files/logstash/logstash.conf"]!
    const [next] = filebeat["output.logstash.hosts"] as string[]
    expect(next).toBe(`logstash:${/beats \{ port => (\d+) \}/.exec(pipeline)?.[1]}`)
    expect(pipeline).toContain('hosts => ["http://elasticsearch:9200"]')
    expect(compose.services["kibana"]!.environment["ELASTICSEARCH_HOSTS"]).toBe("http://elasticsearch:9200")
    for (const [one, other] of [
      ["app", "filebeat"],
      ["filebeat", "logstash"],
      ["logstash", "elasticsearch"],
      ["kibana", "elasticsearch"],
      ["edge", "kibana"],
    ]) {
      const shared = compose.services[one!]!.networks.filter((network) => compose.services[other!]!.networks.includes(network))
      expect(shared, `${one} and ${other}`).toHaveLength(1)
    }
  })

  it("lets Logstash write as the user that Elasticsearch's start makes, and no other", () => {
    const start = files["files/elasticsearch/start-logs.sh"]!
    const user = /user => "(\w+)"/.exec(files["files/logstash/logstash.conf"]!)![1]
    expect(start).toContain(`put /_security/user/${user} `)
    expect(compose.services["logstash"]!["secrets"]).toEqual(["logs_password"])
    expect(start).not.toMatch(/-u\b|elastic:\$/)
  })

  it("is no part of a service that has none", () => {
    const usual = deploymentOf(catalogue, data, { ...request, profiles: [] })
    expect(usual.services.find(({ name }) => name === "app")!.environment).not.toHaveProperty("XREDLINE_LOG_ADDRESS")
    expect(usual.requirements).not.toHaveProperty("kernel")
    expect(deploymentOf(catalogue, data, request).requirements.kernel).toHaveProperty(["vm.max_map_count", "services"], ["elasticsearch"])
  })
})
