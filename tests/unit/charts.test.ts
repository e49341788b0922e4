import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { Ajv } from "ajv"
import { beforeAll, describe, expect, it } from "vitest"
import { parse, parseAllDocuments } from "yaml"
import { type DeploymentData, readDeployment } from "../../src/catalogue/deployment.js"
import { loadCatalogue, loadDeployment, stackNames } from "../../src/catalogue/load.js"
import { moduleRoot } from "../../src/catalogue/ownFiles.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import { chartFiles } from "../../src/plan/kubernetes/charts.js"
import { helmText } from "../../src/plan/kubernetes/expressions.js"
import { fixtureCatalogue, fixtureText } from "./fixtures.js"

let live: { files: Record<string, string>; data: DeploymentData; catalogue: Catalogue }
let catalogue: Catalogue
beforeAll(async () => {
  const found = await loadCatalogue("openim")
  const data = (await loadDeployment(found, "openim"))!
  live = { files: chartFiles(found, data), data, catalogue: found }
  catalogue = await fixtureCatalogue()
})

const kubernetes = `
kubernetes:
  hosts: { api-port: direct }
  pods:
    edge: { environment: { TLS: "off" } }
    redis: { storageMiB: 2048, requestMiB: 32 }
`
/** A second way to find each other, and a profile that only a cluster has. */
const named = `
registry: { service: redis, port: 6379, user: root, password: REDIS_PASSWORD }
${kubernetes}
  profiles:
    small: { purpose: pages without pages, of: pages, without: [web] }
  names:
    service: server
    refused: { web: web needs the registry }
    domain: cluster.test
    environment:
      IMENV_FIND: names
      IMENV_USER: dns:///server:10320
      IMENV_GATEWAY: "\${RELEASE}-gateway:10140"
      MY_NAMESPACE: "\${NAMESPACE}"
    pods:
      server-msggateway: { single: others are not asked, host: { name: "\${RELEASE}-gateway-0", domain: "\${RELEASE}-gateway", port: 10140 } }
      server-rpc-user: { openFiles: 500 }
`
const deploymentData = (more = kubernetes) => readDeployment("deployment.yaml", `${fixtureText("deployment.yaml")}${more}`, catalogue)
const files = (more?: string) => chartFiles(catalogue, deploymentData(more))
const stack = () => catalogue.stack
const file = (name: string, more?: string) => files(more)[`${stack()}/${name}`]!
/** Without what Helm fills in. */
const plain = (text: string) => parse(text.replace(/\{\{.*\}\}/g, "filled")) as Record<string, unknown>

const charted = ({ services, kubernetes }: DeploymentData) =>
  Object.values(services).filter(({ name }) => !kubernetes!.without.includes(name))

describe("the charts of the default stack", () => {
  it("have a module for each service and each program of a group", () => {
    const { data, catalogue: all, files: texts } = live
    const names = charted(data).flatMap(({ name, component }) => {
      const entry = all.components[component]
      return [name, ...(entry?.kind === "group" ? entry.stages.flat() : [])]
    })
    const charts = Object.keys(texts).flatMap((path) => /^[^/]+\/charts\/([^/]+)\/Chart\.yaml$/.exec(path)?.[1] ?? [])
    expect(charts.sort()).toEqual(["library", ...names].sort())
    const left = Object.keys(data.services).filter((name) => !charted(data).some((one) => one.name === name))
    for (const name of left) expect(texts["openim/charts/edge/haproxy.cfg"]).not.toContain(`"\${AT_${name.toUpperCase()}_`)
  })

  it("have no part of what a cluster has itself", () => {
    const paths = Object.keys(files(kubernetes.replace("  hosts:", "  without: [web]\n  hosts:")))
    expect(Object.keys(files())).toContain(`${stack()}/charts/web/Chart.yaml`)
    expect(paths.filter((path) => path.includes("/charts/web/"))).toEqual([])
    expect(paths).toContain(`${stack()}/charts/edge/Chart.yaml`)
  })

  it("hold no value of a secret", () => {
    const given = Object.values(live.data.settings).flatMap(({ kind, environments }) =>
      kind === "secret" ? Object.values(environments) : [],
    )
    const values = parse(live.files["openim/values.yaml"]!) as { global: { settings: object } }
    const secrets = Object.entries(live.data.settings).flatMap(([name, { kind }]) => (kind === "secret" ? [name] : []))
    expect(secrets.filter((name) => Object.hasOwn(values.global.settings, name))).toEqual([])
    const texts = Object.entries(live.files).filter(([path]) => !path.endsWith("launch.json"))
    expect(texts.filter(([, text]) => given.some((one) => text.includes(`"${one}"`))).map(([path]) => path)).toEqual([])
  })

  it("register each program under the address of its pod", () => {
    const programs = Object.values(live.catalogue.components).filter((one) => one.kind === "program")
    for (const { name, address } of programs.filter((one) => one.address !== undefined)) {
      expect(plain(live.files[`openim/charts/${name}/module.yaml`]!), name).toMatchObject({ addresses: [address!.variable] })
    }
  })

  it("let each program wait for the stores that it asks", () => {
    const programs = Object.values(live.catalogue.components).filter((one) => one.kind === "program")
    const asking = programs.filter(({ stores }) => stores.includes("Redis"))
    expect(asking.length).toBeGreaterThan(5)
    for (const { name } of asking) {
      expect(live.files[`openim/charts/${name}/module.yaml`], name).toContain(
        '  - {{ include "library.address" (list . "redis" 6379) | quote }}',
      )
    }
  })

  it("keep to the memory of deployment.yaml", () => {
    for (const { name, memoryMiB } of charted(live.data)) {
      const { resources } = parse(live.files[`openim/charts/${name}/values.yaml`]!) as { resources: { limits: { memory: string } } }
      expect(resources.limits.memory, name).toBe(`${memoryMiB}Mi`)
    }
  })
})

describe("values", () => {
  const check = (change: (values: { global: Record<string, never> } & Record<string, unknown>) => void) => {
    const values = parse(file("values.yaml")) as never
    change(values)
    const ajv = new Ajv({ strict: false })
    return ajv.validate(JSON.parse(file("values.schema.json")), values) ? "fits" : ajv.errorsText()
  }
  const set = (part: string, key: string, value: unknown) => check((values) => Object.assign(values.global[part]!, { [key]: value }))

  it("fit their schema as they are", () => expect(check(() => {})).toBe("fits"))
  it("of every stack fit its schema as Helm reads them", async () => {
    for (const name of stackNames()) {
      const own = await loadCatalogue(name)
      const texts = chartFiles(own, (await loadDeployment(own, name))!)
      const ajv = new Ajv({ strict: false })
      const values = parse(texts[`${name}/values.yaml`]!, { version: "1.1" }) as object
      ajv.validate(JSON.parse(texts[`${name}/values.schema.json`]!), values)
      expect(ajv.errors ?? [], name).toEqual([])
    }
  })
  it("with a typo are refused", () => {
    expect(check((values) => Object.assign(values.global, { layuot: "grouped" }))).toContain("additional properties")
    expect(set("settings", "CRONN", "0 4 * * *")).toContain("additional properties")
    expect(check((values) => Object.assign(values, { redis: { replica: 1 } }))).toContain("additional properties")
  })
  it("that cannot be right are refused", () => {
    expect(check((values) => Object.assign(values.global, { layout: "pods" }))).toContain("equal to one of the allowed values")
    expect(set("external", "redis", "redis")).toContain("must match pattern")
    expect(set("settings", "PUBLIC_URL", "im.company.com")).toContain("must match pattern")
  })
  it("may be what Helm makes of numbers and flags", () => {
    expect(set("settings", "CRON", 4)).toBe("fits")
    expect(set("external", "redis", "redis.company.com:6379")).toBe("fits")
  })
  it("have regular expressions that Helm reads", () => {
    const patterns = [...live.files["openim/values.schema.json"]!.matchAll(/"pattern": (".*")/g)].map(
      ([, text]) => JSON.parse(text!) as string,
    )
    expect(patterns.length).toBeGreaterThan(3)
    expect(patterns.filter((pattern) => /\(\?[!=<]/.test(pattern))).toEqual([])
  })
  it("have names of .env where they mean the same, and no port of one machine", () => {
    const { global } = parse(file("values.yaml")) as { global: { settings: object; images: object } }
    expect(Object.keys(global.settings)).toEqual(["CLOSED", "PUBLIC_URL", "API_URL", "CRON"])
    expect(Object.keys(global.images)).toContain("OPENIM_REDIS_IMAGE")
  })
  it("are documented, each in the line above", () => {
    const lines = live.files["openim/values.yaml"]!.split("\n")
    const bare = lines.filter((line, at) => /^ *[A-Za-z_-]+:/.test(line) && !/^ {6,}/.test(line) && !/^ *(#|$)/.test(lines[at - 1] ?? ""))
    expect(bare.filter((line) => !/nginx\.ingress/.test(line))).toEqual([])
  })
})

describe("texts of deployment.yaml", () => {
  const text = (given: string, more?: string) => helmText({ catalogue, data: deploymentData(more) }, given)

  it("stay as they are without settings and services", () => expect(text("5$ 100% a:b")).toBe('"5$ 100% a:b"'))
  it("get the values of settings", () => expect(text("${CRON}")).toBe('{{ (include "library.setting" (list . "CRON")) | quote }}'))
  it("get addresses of services: of the program that has the port", () => {
    expect(text("redis:6379")).toBe('{{ (include "library.address" (list . "redis" 6379)) | quote }}')
    expect(text("http://server:10002/x%")).toBe(
      '{{ printf "http://%s/x%%" (include "library.address" (list . "server-api" 10002)) | quote }}',
    )
    expect(text("redis")).toBe('{{ (include "library.host" (list . "redis")) | quote }}')
    expect(text("unknown:6379")).toBe('"unknown:6379"')
  })
  it("have no ports behind an ingress: a host, or the path of the same target", () => {
    expect(text("${PUBLIC_URL}:${API_PORT}")).toBe('{{ (include "library.url" (list . "direct")) | quote }}')
    expect(text("${PUBLIC_URL}:${API_PORT}", "")).toBe('{{ (printf "%s/api" (include "library.url" (list . ""))) | quote }}')
    expect(text("${API_URL}/v1")).toContain('(default (printf "%s" (include "library.url" (list . "direct"))) (include "library.setting"')
  })
})

describe("names of services in the place of the registry", () => {
  const module = (name: string) => plain(file(`charts/${name}/module.yaml`, named)) as { waits: string[]; names?: Record<string, unknown> }
  const name = '(.Release.Name | replace "-" "")'

  it("give a program that others ask a service without an address, and its port", () => {
    expect(module("server-rpc-user").names).toMatchObject({
      services: [{ name: "server-rpc-user", ports: [10320], headless: true }],
      openFiles: 500,
    })
    expect(module("server-rpc-auth").names).toMatchObject({ services: [] })
    expect(module("server-api").names).toMatchObject({ services: [{ name: "server-api", ports: [10002] }] })
  })
  it("give a program the name that others make up, beside the services that it has, and one pod with a reason", () => {
    expect(module("server-msggateway").names).toMatchObject({
      services: [
        { name: "server-msggateway", ports: [10001] },
        { name: "filled-gateway", ports: [10140], whole: true, headless: true },
      ],
      hostname: "filled-gateway-0",
      subdomain: "filled-gateway",
      single: true,
      singleReason: "others are not asked",
    })
    expect(module("server-msggateway")).toMatchObject({ single: false })
  })
  it("are variables, filled in by Helm", () => {
    const text = file("charts/server-rpc-auth/module.yaml", named)
    expect(text).toContain(
      '    IMENV_USER: {{ printf "dns:///%s" (include "library.address" (list . "server-rpc-user" 10320)) | quote }}\n',
    )
    expect(text).toContain(`    IMENV_GATEWAY: {{ printf "%s-gateway:10140" ${name} | quote }}\n`)
    expect(text).toContain("    MY_NAMESPACE: {{ .Release.Namespace | quote }}\n")
    expect(file("charts/server-msggateway/module.yaml", named)).toContain(`  hostname: {{ ${name} }}-gateway-0\n`)
  })
  it("leave the registry out, and nothing registers or waits for it", () => {
    expect(module("redis").names).toEqual({ profiles: [] })
    expect(module("server-rpc-user").names).toMatchObject({ registered: null })
    const { registry } = live.data
    const { names } = live.data.kubernetes!
    const waiting = Object.entries(live.files).filter(
      ([path, text]) =>
        path.startsWith(`openim/charts/${names!.service}-`) &&
        text.includes(`\n  - {{ include "library.address" (list . "${registry!.service}"`),
    )
    expect(waiting.length).toBeGreaterThan(5)
    for (const [path, text] of waiting)
      expect(text, path).not.toContain(`\n    - {{ include "library.address" (list . "${registry!.service}"`)
  })
  it("are refused with what cannot run so, with one pod for all programs, and the way out is named", () => {
    const checks = file("templates/checks.yaml", named)
    expect(checks).toContain('{{- if has .Values.global.profile (list "pages") }}')
    expect(checks).toContain("has web, and web needs the registry: choose global.profile=core or small, or global.discovery=redis")
    expect(checks).toContain("Choose global.layout=modules, or global.discovery=redis")
    expect(checks).toContain('{{- if ne .Values.global.clusterDomain "cluster.test" }}')
  })
  it("are a choice only where there is one", () => {
    const discovery = (more?: string) => (parse(file("values.yaml", more)) as { global: { discovery?: string } }).global.discovery
    expect([discovery(named), discovery()]).toEqual(["redis", undefined])
    expect(file("templates/checks.yaml")).not.toContain("discovery")
    expect(module("web").names).toBeUndefined()
    expect(plain(file("charts/server-api/module.yaml"))["names"]).toBeUndefined()
  })
  it("leave the edge ready without a service that the profile leaves out", () => {
    const more = named.replace("of: pages, without: [web]", "of: pages, without: [server]")
    expect(file("charts/edge/haproxy.cfg", more)).toMatch(/\.if !streq\("\$HAS_SERVER",no\)\n.*api does not answer.*\n\.endif/)
    expect(file("charts/edge/module.yaml", more)).toContain(
      '  HAS_SERVER: {{ ternary "yes" "no" (has .Values.global.profile (list "core" "pages")) | quote }}\n',
    )
    expect(file("charts/edge/haproxy.cfg", named)).not.toContain("HAS_")
    expect(file("charts/edge/module.yaml", named)).not.toContain("HAS_")
  })
  it("of what is not known are refused", () => {
    const faults = (from: string, to: string) => () => deploymentData(named.replace(from, to))
    expect(faults("of: pages", "of: page")).toThrow("the name of a profile")
    expect(faults("without: [web]", "without: [wob]")).toThrow("the name of a service")
    expect(faults("refused: { web", "refused: { wob")).toThrow("the name of a service")
    expect(faults("server-msggateway: {", "server-gateway: {")).toThrow("the name of a component")
    expect(faults("${NAMESPACE}", "${NAMESPASE}")).toThrow("${NAMESPASE} is not a setting")
  })
  it("a profile of a cluster has what its like has, without what it leaves out, and is none of one machine", () => {
    const profiles = (one: string) => (plain(file(`charts/${one}/module.yaml`, named)) as { profiles: string[] }).profiles
    expect([profiles("web"), profiles("mongodb")]).toEqual([["pages"], ["core", "pages", "small"]])
    const schema = JSON.parse(file("values.schema.json", named)) as {
      properties: { global: { properties: { profile: { enum: string[] } } } }
    }
    expect(schema.properties.global.properties.profile.enum).toEqual(["core", "pages", "small"])
    expect(Object.keys(deploymentData(named).profiles)).toEqual(["core", "pages"])
  })
  it("of the default stack reach each program that others ask, and the second way is complete", () => {
    const { names } = live.data.kubernetes!
    const texts = Object.keys(live.files).filter(
      (path) => path.startsWith(`openim/charts/${names!.service}-`) && /\w\/module\.yaml$/.test(path) && !path.includes("/templates/"),
    )
    const services = texts.flatMap((path) => {
      const { names: own } = plain(live.files[path]!) as { names: { services: { name: string; ports: number[]; headless?: true }[] } }
      return own.services.filter(({ headless }) => headless).flatMap(({ name: one, ports }) => ports.map((port) => `${one}:${port}`))
    })
    const programs = Object.values(live.catalogue.components).flatMap((one) =>
      one.kind === "program" && one.address !== undefined && one.name.startsWith(`${names!.service}-`) ? [one] : [],
    )
    expect(programs.length).toBeGreaterThan(5)
    const byHost = Object.entries(names!.pods).flatMap(([pod, { host }]) => (host === undefined ? [] : [pod]))
    for (const { name: one, probe } of programs.filter((program) => !byHost.includes(program.name)))
      expect(services, one).toContain(`${one}:${probe}`)
    expect(byHost.length).toBe(1)
  })
})

describe("a module", () => {
  it("of a program runs it from its group's image", () => {
    const module = file("charts/server-rpc-user/module.yaml")
    expect(plain(module)).toMatchObject({
      layout: "modules",
      kind: "Deployment",
      probe: { port: 10320 },
    })
    expect(JSON.parse(file("charts/server-rpc-user/launch.json"))).toMatchObject({ command: ["/usr/local/bin/openim-rpc-user"] })
  })
  it("of a program that others find in the registry serves on while they see that it ends", () => {
    const programs = Object.values(live.catalogue.components).filter((one) => one.kind === "program" && one.address !== undefined)
    expect(programs.length).toBeGreaterThan(5)
    for (const { name } of programs) {
      const { drainSeconds } = parse(live.files[`openim/charts/${name}/values.yaml`]!) as { drainSeconds: number }
      expect(drainSeconds, name).toBeGreaterThan(0)
    }
  })
  it("of a store keeps its data in a volume, and runs once", () => {
    expect(plain(file("charts/redis/module.yaml"))).toMatchObject({ kind: "StatefulSet", single: true, volumes: { redis: "/data" } })
    expect(parse(file("charts/redis/values.yaml"))).toMatchObject({ storage: { size: "2Gi" }, resources: { requests: { memory: "32Mi" } } })
  })
  it("gets secrets as files, optional ones only where the Secret has them", () => {
    const { secrets } = plain(file("charts/server/module.yaml")) as { secrets: object[] }
    expect(secrets).toContainEqual({ variable: "IMENV_REDIS_PASSWORD", key: "redis_password", setting: "REDIS_PASSWORD", optional: false })
    expect(secrets).toContainEqual({ variable: "IMENV_MONGODB_URI", key: "mongodb_uri", setting: "MONGODB_URI", optional: true })
  })
  it("of the edge asks HAProxy's way for whole names, and believes a proxy in front", () => {
    expect(file("charts/edge/haproxy.cfg")).toContain('server-template server 3 "${AT_SERVER_10002}" check')
    expect(file("charts/edge/haproxy.cfg")).toMatch(
      /X-Asked "https:.* if \{ var\(txn.backend\) -m str api \} \{ str\("\$PUBLIC_SCHEME"\) -m str https \}/,
    )
    expect(file("charts/edge/haproxy.cfg")).toContain("http-request set-src req.hdr_ip(X-Forwarded-For,-1)")
    expect(file("charts/edge/module.yaml")).toContain('TLS: "off"')
  })
})

describe("backups", () => {
  const template = (name: string) => live.files[`openim/templates/${name}.yaml`]!
  const parts = () => Object.keys(live.data.backup!.parts)

  it("save each part, and last what shows that all of it is there", () => {
    const saved = [...template("backup").matchAll(/"part=([a-z]+)"/g)].map(([, name]) => name)
    expect(saved).toEqual([...parts(), "config"])
  })
  it("are put back by one Job for each part, while everything stands still that would write", () => {
    expect([...template("restore").matchAll(/-restore-([a-z]+)-\{\{/g)].map(([, name]) => name)).toEqual(parts())
    const serving = charted(live.data).filter(
      ({ name }) => plain(live.files[`openim/charts/${name}/module.yaml`]!)["servesRestore"] === true,
    )
    const asked = Object.values(live.data.backup!.parts).filter(({ restore, volume }) => restore !== undefined && volume === undefined)
    expect(serving.map(({ name }) => name)).toEqual(asked.map(({ service }) => service))
  })
  it("have scripts that bash can read", () => {
    for (const name of ["backup", "restore"]) {
      const scripts = [...template(name).matchAll(/^( +)- \|\n((?:\1 .*\n|\n)+)/gm)].map(([, , script]) => script!)
      expect(scripts.length).toBe(name === "backup" ? 2 : parts().length)
      for (const script of scripts) expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("")
    }
  })
  it("run on any node where no part is a volume of one", () => {
    const dump = "{ purpose: Keys, service: redis, file: keys.dump, dump: [save], restore: [load] }"
    const backup = (parts: string) =>
      file("templates/backup.yaml", `${kubernetes}\nbackup: { component: redis, network: data, parts: { ${parts} } }\n`)
    expect(backup(`keys: ${dump}`)).not.toContain("ffinity")
    expect(backup(`keys: ${dump}, files: { purpose: Files, service: redis, volume: redis }`).match(/podAffinity:/g)).toHaveLength(2)
  })
  it("are no part of a stack that has none", () => {
    expect(Object.keys(files()).filter((path) => /backup|restore/.test(path))).toEqual([])
    expect(file("values.yaml")).not.toContain("restore:")
  })
})

describe("values for places", () => {
  const root = moduleRoot()
  const folders = () => readdirSync(`${root}/examples`).filter((name) => existsSync(`${root}/examples/${name}/kubernetes`))
  const filesOf = (folder: string) => readdirSync(`${root}/examples/${folder}`).filter((name) => name.endsWith(".yaml"))
  const read = (path: string) => readFileSync(`${root}/examples/${path}`, "utf8")

  it("are values of the stack's chart", async () => {
    expect(folders()).toContain("openim")
    for (const name of folders()) {
      const own = await loadCatalogue(name)
      const texts = chartFiles(own, (await loadDeployment(own, name))!)
      const valid = new Ajv({ strict: false }).compile(JSON.parse(texts[`${name}/values.schema.json`]!))
      for (const one of filesOf(`${name}/kubernetes`))
        expect(valid(parse(read(`${name}/kubernetes/${one}`))) ? [] : valid.errors, `${name}/${one}`).toEqual([])
    }
  })
  it("say in the first line what they are for, and hold no password", () => {
    for (const name of folders())
      for (const one of filesOf(`${name}/kubernetes`)) {
        const text = read(`${name}/kubernetes/${one}`)
        expect(text, one).toMatch(/^# [A-Z]/)
        expect(text.replace(/^ *#.*$/gm, ""), one).not.toMatch(
          /(PASSWORD|_SECRET|SECRETKEY|ACCESSKEYSECRET)["']?: *["']?(?!\w+_secret\b)\w/,
        )
      }
  })
  it("name the places that the objects of operators make", () => {
    for (const name of folders()) {
      const objects = filesOf(`${name}/kubernetes/operators`).flatMap((one) =>
        parseAllDocuments(read(`${name}/kubernetes/operators/${one}`)).map(
          (document) => document.toJS() as { kind: string; metadata: { name: string; namespace: string } },
        ),
      )
      const services: Record<string, (name: string) => string> = {
        MongoDBCommunity: (own) => `${own}-svc`,
        Kafka: (own) => `${own}-kafka-bootstrap`,
        CephObjectStore: (own) => `rook-ceph-rgw-${own}`,
        Cluster: (own) => `${own}-rw`,
      }
      const made = objects.flatMap(({ kind, metadata }) => {
        const service = services[kind]?.(metadata.name)
        return service === undefined ? [] : [`${service}.${metadata.namespace}.svc.cluster.local`]
      })
      const named = filesOf(`${name}/kubernetes`).flatMap((one) => [
        ...read(`${name}/kubernetes/${one}`).matchAll(/([\w.-]+\.svc\.cluster\.local):/g),
      ])
      expect(made.length).toBeGreaterThan(0)
      expect([...new Set(named.map(([, host]) => host!))].sort()).toEqual(made.sort())
    }
  })
})

describe("before anything is made", () => {
  it("the chart asks for each secret that is needed, and says how it is made", () => {
    expect(file("templates/checks.yaml")).toContain('range concat (list "redis_password" "secret")')
    expect(file("README.md")).toContain('--from-literal=redis_password="$(openssl rand -hex 16)"')
    expect(file("README.md")).not.toContain("mongodb_uri=")
  })
  it("a name that is not known in deployment.yaml is refused", () => {
    expect(() => deploymentData(kubernetes.replace("redis:", "rediss:"))).toThrow("the name of a service or a component")
    expect(() => deploymentData(kubernetes.replace("api-port:", "api-prot:"))).toThrow("the name of a route")
    expect(() => deploymentData(kubernetes.replace("  hosts:", "  without: [wep]\n  hosts:"))).toThrow("kubernetes.without")
  })
})
