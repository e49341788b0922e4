import { existsSync, readdirSync } from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { type DeploymentData, readDeployment } from "../../src/catalogue/deployment.js"
import { loadCatalogue, loadDeployment, stackNames } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { CHECKOUT, COMPOSE, PINS, RELEASE } from "../../src/objects/ignore.js"
import { type DeploymentRequest, deploymentOf } from "../../src/plan/deploy/deployment.js"
import { composeFiles, deploymentFiles } from "../../src/plan/deploy/files.js"
import { archivePath, kitComponents, loadedName, readImageOrigin } from "../../src/plan/deploy/kit.js"
import type { Deployment } from "../../src/plan/deploy/model.js"
import { deploymentFilesByPath } from "../../src/plan/kubernetes/repository.js"
import { fixtureCatalogue, fixtureText } from "./fixtures.js"

interface Service {
  image: string
  profiles: string[]
  depends_on?: Record<string, { condition: string }>
  environment?: Record<string, string>
  command?: string[]
  labels?: unknown
  secrets?: string[]
  volumes?: string[]
  ports?: string[]
  networks: string[]
  healthcheck: { test: string[] }
  [key: string]: unknown
}

interface Compose {
  name: string
  services: Record<string, Service>
  networks: Record<string, { internal: boolean | string }>
  volumes: Record<string, object>
  secrets: Record<string, { file: string }>
}

const root = new URL("../../", import.meta.url)
let catalogue: Catalogue
let data: DeploymentData
let live: { catalogue: Catalogue; data: DeploymentData }
beforeAll(async () => {
  catalogue = await fixtureCatalogue()
  data = readDeployment("deployment.yaml", fixtureText("deployment.yaml"), catalogue)
  const found = await loadCatalogue("openim")
  live = { catalogue: found, data: (await loadDeployment(found, "openim"))! }
})

const request = (given: Partial<DeploymentRequest> = {}): DeploymentRequest => ({
  profiles: [],
  official: false,
  base: catalogue.bases["debian"]!,
  images: {},
  ...given,
})
const rendered = (given?: Partial<DeploymentRequest>) => deploymentFiles(catalogue, data, request(given))
const compose = (given?: Partial<DeploymentRequest>) => parse(rendered(given)["docker-compose.prod.yml"]!) as Compose
const deployment = (given?: Partial<DeploymentRequest>) => deploymentOf(catalogue, data, request(given))
const setting = (name: string, given?: Partial<DeploymentRequest>) => deployment(given).settings.find((one) => one.name === name)!

describe("the files of a deployment", () => {
  it.each(["docker-compose.prod.yml", "env.template", "haproxy.cfg", "deployment.json", "README.md"])("%s is as it was", async (name) => {
    await expect(rendered()[name]).toMatchFileSnapshot(`../fixtures/im/deployment/${name}`)
  })
})

describe.each(stackNames())("the files of the stack %s", async (stack) => {
  const found = await loadCatalogue(stack)
  const deployed = await loadDeployment(found, stack)
  const files = deployed === undefined ? {} : deploymentFilesByPath(found, deployed)

  it.each(Object.keys(files))("%s is what deployment.yaml gives", async (path) => {
    const hint = `${path} is old: run npm run generate, or ./daggerw -y call --stack=${stack} compose-files`
    await expect(files[path], hint).toMatchFileSnapshot(`../../${path}`)
  })

  it("has no file in compose/ and charts/ that nothing makes", () => {
    const folders = [`compose/${stack}`, `charts/${stack}`].filter((folder) => existsSync(new URL(folder, root)))
    const there = folders.flatMap((folder) =>
      readdirSync(new URL(folder, root), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith(".env"))
        .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.pathname.length)),
    )
    const left = there.filter((file) => !Object.hasOwn(files, file))
    expect(left, "nothing makes these any more: delete them").toEqual([])
  })
})

describe("what functions take of the folder compose/", () => {
  it.each(Object.entries({ COMPOSE, PINS, RELEASE }))("%s has what is generated, and nothing of a user's", (_, list) => {
    const names = Object.keys(composeFiles(live.catalogue, live.data)).map((name) => `!compose/*/${name.replace(/^files\/.*/, "files")}`)
    expect(list.filter((pattern) => pattern.includes("compose")).sort()).toEqual([...new Set(names)].sort())
    expect(list[0]).toBe("*")
  })

  it("leaves passwords and keys out of the tests' checkout", () => {
    expect(CHECKOUT).toEqual(
      expect.arrayContaining(["compose/*/.*", "compose/*/secrets", "compose/*/tls", "compose/*/ca", "compose/*/acme"]),
    )
  })
})

describe("a deployment", () => {
  it("has its services in stages, each after the ones that it needs", () => {
    expect(deployment().services.map(({ name, stage }) => [name, stage])).toEqual([
      ["redis", 1],
      ["mongodb", 1],
      ["server", 2],
      ["web", 3],
      ["edge", 3],
    ])
  })

  it("has the services of its profiles only", () => {
    const core = deployment({ profiles: ["core"] })
    expect(core.services.map(({ name }) => name)).toEqual(["redis", "mongodb", "server", "edge"])
    expect(core.services.every(({ profiles }) => profiles.join() === "core")).toBe(true)
    expect(core.settings.find(({ name }) => name === "COMPOSE_PROFILES")?.default).toBe("core")
    expect(core.settings.some(({ name }) => name === "WEB_MEMORY")).toBe(false)
    expect(rendered({ profiles: ["core"] })["haproxy.cfg"]).not.toContain("backend web")
    expect(() => deployment({ profiles: ["cor"] })).toThrow('unknown profile "cor"')
  })

  it("says where a setting ends", () => {
    expect(setting("REDIS_PASSWORD").uses).toEqual([
      { service: "redis", variable: "redis_password", as: "file" },
      { service: "server", variable: "redis_password", as: "file" },
    ])
    expect(setting("CRON").uses).toEqual([{ service: "server", variable: "IMENV_CRON", as: "variable" }])
  })

  it("takes the images that releases publish, those of a kit, or the makers' ones", () => {
    expect(setting("OPENIM_SERVER_IMAGE").default).toBe("docker.io/openim/openim-server:v1.2.3")
    expect(setting("OPENIM_REDIS_IMAGE").default).toBeUndefined()
    expect(setting("OPENIM_REDIS_IMAGE", { images: { redis: "docker.io/openim/openim-redis:8.0.2" } }).default).toBe(
      "docker.io/openim/openim-redis:8.0.2",
    )
    expect(setting("EDGE_IMAGE").expected).toBe("registry.example.com/im/edge:v1")
    expect(setting("OPENIM_MONGODB_IMAGE", { official: true }).default).toBe(catalogue.pins.images["mongo"])
    const { mongodb } = compose({ official: true }).services
    expect(mongodb).toMatchObject({ user: "999", cap_add: ["CHOWN"], command: ["mongod", "--bind_ip_all"] })
    expect(mongodb!.healthcheck.test).toEqual(["CMD-SHELL", "test $$(mongosh --quiet --eval 1) = 1"])
  })

  it("has the health check of the component's own image", () => {
    const { server, redis } = compose().services
    expect(redis!.healthcheck.test).toEqual(["CMD", "start-redis", "health"])
    expect(server!.healthcheck.test[1]).toMatch(/pebble health && .*"\/dev\/tcp\/127\.0\.0\.1\/\$\$0"' 10001 && .*10002/)
    expect(compose({ base: catalogue.bases["alpine"]! }).services["server"]!.healthcheck.test[1]).toContain("nc -z -w 2 127.0.0.1 10002")
    expect(() => withData((text) => text.replace('    health: { test: [CMD, wget, -q, "http://127.0.0.1/"] }\n', ""))).toThrow(
      "services.web.health.test: its image has no health check",
    )
  })

  it("escapes what compose would replace, and asks for what has no default", () => {
    const { environment } = compose().services["server"]!
    expect(environment).toMatchObject({
      IMENV_API: "${API_URL:?set it in .env}/v1",
      IMENV_PRICE: "5$$",
      IMENV_CRON: "${CRON:-0 4 * * *}",
      IMENV_SHARE_SECRET_FILE: "/run/secrets/secret",
    })
  })
})

function withData(change: (text: string) => string): Deployment {
  const text = change(fixtureText("deployment.yaml"))
  expect(text).not.toBe(fixtureText("deployment.yaml"))
  return deploymentOf(catalogue, readDeployment("deployment.yaml", text, catalogue), request())
}

describe("a port past the edge", () => {
  const text = fixtureText("deployment.yaml")
    .replace("  CRON: {", '  MEDIA_PORT: { group: address, kind: port, purpose: Media, default: "7882" }\n  CRON: {')
    .replace("    profiles: [pages]\n", "    profiles: [pages]\n    direct: { MEDIA_PORT: udp }\n")
  const made = (more = text) => readDeployment("deployment.yaml", more, catalogue)

  it("is the same number in the container, with its protocol", () => {
    const files = deploymentFiles(catalogue, made(), request())
    const { services } = parse(files["docker-compose.prod.yml"]!) as Compose
    expect(services["web"]!.ports).toEqual(["${MEDIA_PORT:-7882}:${MEDIA_PORT:-7882}/udp"])
    expect(files["README.md"]).toContain("| `MEDIA_PORT` | 7882 | UDP | `web` | Media |")
    expect(compose().services["web"]!.ports).toBeUndefined()
    expect(rendered()["README.md"]).toContain("The edge alone has ports of this machine.")
  })

  it("is a setting, of a protocol that is known", () => {
    expect(() => made(text.replace("direct: { MEDIA_PORT: udp }", "direct: { MEDIA_PORTS: udp }"))).toThrow(
      "services.web.direct.MEDIA_PORTS",
    )
    expect(() => made(text.replace("direct: { MEDIA_PORT: udp }", "direct: { MEDIA_PORT: sctp }"))).toThrow(
      "services.web.direct.MEDIA_PORT: expected",
    )
  })
})

describe("a folder of the machine", () => {
  const text = fixtureText("deployment.yaml")
    .replace("  CRON: {", "  LOGS_FOLDER: { group: address, kind: text, purpose: Logs, default: /var/log/all }\n  CRON: {")
    .replace("    profiles: [pages]\n", "    profiles: [pages]\n    hostFolders: { LOGS_FOLDER: /logs }\n")

  it("is read-only in the container, and stays as it is on the machine", () => {
    const files = deploymentFiles(catalogue, readDeployment("deployment.yaml", text, catalogue), request())
    const { services } = parse(files["docker-compose.prod.yml"]!) as Compose
    expect(services["web"]!.volumes).toContain("${LOGS_FOLDER:-/var/log/all}:/logs:ro")
  })

  it("is named by a setting", () => {
    const changed = text.replace("hostFolders: { LOGS_FOLDER", "hostFolders: { LOG_FOLDER")
    expect(() => readDeployment("deployment.yaml", changed, catalogue)).toThrow("services.web.hostFolders.LOG_FOLDER")
  })
})

describe("what a service gets beside another one", () => {
  it("comes with that one, and is missing without it", () => {
    const { environment, secrets } = compose().services["server"]!
    expect(environment).toMatchObject({ IMENV_PAGE: "${PUBLIC_URL:?set it in .env}/", IMENV_PAGE_KEY_FILE: "/run/secrets/secret" })
    expect(secrets).toContain("secret")
    expect(setting("PUBLIC_URL").uses).toContainEqual({ service: "server", variable: "IMENV_PAGE", as: "variable" })
    const alone = compose({ profiles: ["core"] }).services["server"]!
    expect(Object.keys(alone.environment!).filter((name) => name.startsWith("IMENV_PAGE"))).toEqual([])
  })

  it("names services and settings that are there", () => {
    const changed = (from: string, to: string) => () =>
      readDeployment("deployment.yaml", fixtureText("deployment.yaml").replace(from, to), catalogue)
    expect(changed("beside: { web:", "beside: { wep:")).toThrow("services.server.beside.wep")
    expect(changed("IMENV_PAGE_KEY: SECRET", "IMENV_PAGE_KEY: SEKRET")).toThrow("services.server.beside.web.secrets.IMENV_PAGE_KEY")
  })
})

describe("deployment.yaml", () => {
  it.each([
    [
      "component: redis",
      "component: redys",
      'services.redis.component: expected the name of a component, found "redys". Did you mean "redis"?',
    ],
    ["needs: [redis, mongodb]", "needs: [radis]", 'services.server.needs[0]: expected the name of another service, found "radis"'],
    [
      "networks: [data]",
      "networks: [dota]",
      'services.redis.networks[0]: expected the name of a network, found "dota". Did you mean "data"?',
    ],
    [
      "IMENV_CRON: ${CRON}",
      "IMENV_CRON: ${CRAN}",
      'services.server.environment.IMENV_CRON: ${CRAN} is not a setting. Did you mean "CRON"?',
    ],
    [
      "REDIS_PASSWORD: REDIS_PASSWORD }",
      "REDIS_PASSWORD: REDIS }",
      'services.redis.secrets.REDIS_PASSWORD: expected the name of a setting, found "REDIS"',
    ],
    ["publish: { HTTP_PORT", "publish: { HTTPPORT", 'services.edge.publish.HTTPPORT: expected the name of a setting, found "HTTPPORT"'],
    ["madeWith: redis", "madeWith: rediz", 'settings.REDIS_PASSWORD.madeWith: expected the name of a volume, found "rediz"'],
    [
      "madeWith: redis,",
      "madeWith: redis, rotate: { service: rediss, command: [a], verify: [b] },",
      "settings.REDIS_PASSWORD.rotate.service: expected the name of a service",
    ],
    ["profiles: [pages]", "profiles: [page]", 'services.web.profiles[0]: expected the name of a profile, found "page"'],
    ["image: mongo\n", "image: mango\n", 'services.mongodb.official.image: expected the name of an image in versions.yaml, found "mango"'],
    [
      "group: secrets, kind: secret, optional",
      "group: secret, kind: secret, optional",
      "settings.MONGODB_URI.group: expected the name of a group",
    ],
    ["ready: [api]", "ready: [ipa]", 'edge.ready[0]: expected the name of a route, found "ipa"'],
    ["avx: [mongodb]", "avx: [mongo]", 'requirements.cpuFlags.avx[0]: expected the name of a service, found "mongo"'],
    ["portSetting: API_PORT", "portSetting: APIPORT", 'routes.api-port.portSetting: expected the name of a setting, found "APIPORT"'],
    ["setting: CLOSED", "setting: CLOSE", 'networks.outbound.setting: expected the name of a setting, found "CLOSE"'],
    ["  mongodb:\n    component: mongodb", "  mongodb:\n    needs: [edge]\n    component: mongodb", "mongodb needs itself through others"],
    [", expected: an address,", ",", "settings.PUBLIC_URL.expected: expected words for it, found nothing"],
    ["cpus: 0.5", "cpu: 0.5", 'services.redis.cpu: unknown key "cpu". Did you mean "cpus"?'],
  ])("%j as %j is refused", (from, to, message) => {
    expect(() => withData((text) => text.replace(from, () => to))).toThrow(message)
  })
})

describe.each(["registry", "official"])("docker-compose.prod.yml with images=%s", (images) => {
  const all = () =>
    [{ catalogue, data }, live].flatMap(({ catalogue, data }) =>
      [[], ...Object.keys(data.profiles).map((name) => [name])].map((profiles) => {
        const wanted = { profiles, official: images === "official", base: catalogue.bases["debian"]!, images: {} }
        const files = deploymentFiles(catalogue, data, wanted)
        const deployment = deploymentOf(catalogue, data, wanted)
        return {
          files,
          deployment,
          profiles,
          text: files["docker-compose.prod.yml"]!,
          file: parse(files["docker-compose.prod.yml"]!) as Compose,
        }
      }),
    )
  const services = () =>
    all().flatMap(({ file, deployment }) => Object.entries(file.services).map(([name, service]) => ({ name, service, file, deployment })))

  it("publishes ports of the edge and of media only, and all other networks of services are closed but for notices", () => {
    for (const { name, service, file, deployment } of services()) {
      const edge = name === deployment.edge.service
      const direct = deployment.services.find((one) => one.name === name)!.direct !== undefined
      expect(service.ports !== undefined, name).toBe(edge || direct)
      expect(service["network_mode"] ?? service["privileged"], name).toBeUndefined()
      const open = service.networks.filter((network) => file.networks[network]!.internal === false)
      // Alerts reach people outside, media come in.
      expect(open.length, name).toBe(edge || direct || name === deployment.monitoring?.service ? 1 : 0)
    }
  })

  it("gives each service a health check, limits, rotated logs, a read-only root and no rights", () => {
    for (const { name, service } of services()) {
      expect(service.healthcheck, name).toMatchObject({
        test: [expect.stringMatching(/^CMD(-SHELL)?$/), expect.anything()].concat(service.healthcheck.test.slice(2)),
      })
      expect(service, name).toMatchObject({
        restart: "always",
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        mem_limit: expect.stringMatching(/^\$\{[A-Z_]+_MEMORY:-\d+m\}$/),
        pids_limit: expect.any(Number),
        cpus: expect.any(Number),
        stop_grace_period: expect.stringMatching(/^\d+s$/),
        logging: {
          driver: "json-file",
          options: { "max-size": expect.any(String), "max-file": expect.any(String), labels: "com.docker.compose.service" },
        },
      })
      expect((service["cap_add"] ?? []) as string[], name).not.toContain("SYS_ADMIN")
    }
  })

  it("has nothing that Docker 20.10 or a second installation does not bear", () => {
    for (const { name, service } of services())
      for (const key of ["container_name", "ulimits", "sysctls", "devices", "cgroup_parent"])
        expect(service[key], `${name}.${key}`).toBeUndefined()
    for (const { text } of all()) for (const word of ["start_interval", "container_name", "latest"]) expect(text).not.toContain(word)
  })

  it("keeps secrets in files", () => {
    for (const { name, service, file, deployment } of services()) {
      const secrets = deployment.settings.filter(({ kind }) => kind === "secret").map((one) => one.name)
      const words = JSON.stringify([service.environment, service.command, service.labels, service.healthcheck])
      for (const secret of secrets) expect(words, `${name}: ${secret}`).not.toContain(`\${${secret}`)
      for (const secret of service.secrets ?? []) expect(file.secrets[secret]).toEqual({ file: `./secrets/${secret}` })
      const paths = Object.values(service.environment ?? {}).filter((value) => value.startsWith("/run/secrets/"))
      expect(
        paths.every((path) => service.secrets?.includes(path.slice("/run/secrets/".length))),
        name,
      ).toBe(true)
    }
  })

  it("waits for health of what is needed, which is in each profile of the one that needs it", () => {
    for (const { name, service, file } of services()) {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(condition, name).toBe("service_healthy")
        expect(file.services[other]?.profiles, `${name} needs ${other}`).toEqual(expect.arrayContaining(service.profiles))
      }
    }
  })

  it("uses settings that the template has, each after the ones that its default names", () => {
    for (const { files, text, deployment } of all()) {
      const template = files["env.template"]!
      const known = deployment.settings.map(({ name }) => name)
      for (const [, name] of text.matchAll(/\$\{([A-Z0-9_]+)/g)) expect(known).toContain(name)
      const lines = template.split("\n").filter((line) => /^(# )?[A-Z0-9_]+=/.test(line))
      const defined = lines.map((line) => line.replace(/^# /, "").split("=", 1)[0]!)
      expect([...defined].sort()).toEqual([...known].sort())
      for (const [index, line] of lines.entries())
        for (const [, name] of line.matchAll(/\$\{([A-Z0-9_]+)\}/g)) expect(defined.slice(0, index), line).toContain(name)
    }
  })

  it("names volumes, networks and secrets that are there, and keeps data in volumes", () => {
    for (const { name, service, file } of services()) {
      for (const network of service.networks) expect(file.networks[network], name).toBeDefined()
      for (const volume of service.volumes ?? []) {
        const [source, , options] = volume.replace(/^\$\{[^}]*\}/, "/").split(":")
        if (source!.startsWith("./")) expect(options, name).toBe("ro,z")
        else if (source === "/") expect(options, name).toBe("ro")
        else expect(file.volumes[source!], name).toEqual({})
      }
    }
  })

  it("has ports of the edge for each route that has one", () => {
    for (const { file, deployment } of all()) {
      const ports = file.services[deployment.edge.service]!.ports!.map((one) => one.split("}:"))
      const { http } = deployment.edge
      expect(ports.map(([, port]) => Number(port))).toEqual(expect.arrayContaining([http]))
      for (const { name, port, portSetting } of deployment.routes) {
        if (port === undefined) continue
        expect(
          ports.some(([given, inside]) => Number(inside) === port && given!.startsWith(`\${${portSetting}:-`)),
          name,
        ).toBe(true)
      }
    }
  })
})

describe("a kit", () => {
  it("takes its images from a place that is known", () => {
    expect(readImageOrigin("archives")).toBe("archives")
    expect(() => readImageOrigin("archive")).toThrow('unknown value of --images "archive"')
  })

  it("has an image of each component that it runs, or says which one has none", () => {
    const whole = deployment({ profiles: ["core"] })
    const known = { ...whole, services: whole.services.filter(({ name }) => name !== "edge") }
    expect(kitComponents(catalogue, known).map(({ name }) => name)).toEqual(["redis", "mongodb", "server"])
    expect(() => kitComponents(catalogue, whole)).toThrow("--images=archives: stack.yaml has no component haproxy")
  })

  it("names images as they are listed once they are loaded", () => {
    expect(loadedName("docker.io/openim/openim-web-front:v1@sha256:abc")).toBe("openim/openim-web-front:v1")
    expect(loadedName("quay.io/coreos/etcd:v3")).toBe("quay.io/coreos/etcd:v3")
    expect(archivePath("web")).toBe("images/web.tar")
  })
})

describe("the live deployment", () => {
  it("starts without the image that only backups need", () => {
    const { backup, settings } = deploymentOf(live.catalogue, live.data, { ...request(), base: Object.values(live.catalogue.bases)[0]! })
    expect(backup).toBeDefined()
    expect(settings.find(({ name }) => name === backup!.imageSetting)).toMatchObject({ kind: "image", optional: true })
  })

  it("hides each value that stack.yaml says is public", () => {
    const settings = deploymentOf(live.catalogue, live.data, request({ base: live.catalogue.bases["debian"]! })).settings
    const refused = settings.flatMap((one) => one.refused)
    const known = Object.values(live.catalogue.sources).flatMap(({ image }) => Object.values(image.start.secrets).flat())
    expect(refused).toEqual(expect.arrayContaining([...known, ...(live.catalogue.front?.fresh ?? [])]))
    for (const { name, kind, generate, optional } of settings) if (kind === "secret") expect(generate ?? optional, name).toBeTruthy()
  })
})
