// The Helm charts of a stack, below charts/STACK: one for all, which holds a library and one for each module.

import type { DeploymentData } from "../../catalogue/deployment.js"
import type { Catalogue } from "../../catalogue/types.js"
import { oldestKubernetes } from "../deploy/cluster.js"
import { deploymentOf, published } from "../deploy/deployment.js"
import { edgeFile, haproxyText } from "../deploy/haproxy.js"
import { backupTemplates, backupValues } from "./backup.js"
import { clusterText, helmText, settingsIn } from "./expressions.js"
import { libraryTemplates, moduleTemplate } from "./library.js"
import { type Context, type Module, moduleAt, modulesOf, type Names } from "./modules.js"
import { chartReadme, umbrellaTemplates } from "./umbrella.js"
import {
  anything,
  choice,
  count,
  flag,
  helmYaml,
  list,
  objectOf,
  schemaText,
  section,
  text,
  texts,
  type Value,
  value,
  valueRows,
  valuesText,
} from "./values.js"

/** The version of the charts' own text: raised when a value or a template changes. */
const chartVersion = "0.3.0"
/** What the templates need. */
const kubernetes = `>=1.${oldestKubernetes}.0-0`

export function chartFiles(catalogue: Catalogue, whole: DeploymentData): Record<string, string> {
  const data = forClusters(whole)
  const deployment = deploymentOf(catalogue, data, published(catalogue))
  const context = { catalogue, data, deployment }
  const modules = modulesOf(context)
  const globals = globalValues(context, modules)
  const own = [globals, ...umbrellaValues(), ...backupValues(context)]
  const sections = Object.fromEntries(modules.map((module) => [module.name, objectOfModule(module)]))
  const files: Record<string, string> = {
    "Chart.yaml": chartText(catalogue, {
      name: catalogue.stack,
      description: `${catalogue.title} with its stores, and the edge in front`,
      type: "application",
      dependencies: [{ name: "library", version: chartVersion }, ...modules.map(({ name }) => ({ name, version: chartVersion }))],
    }),
    "values.yaml": valuesText(
      `The values of ${catalogue.title}. What is set for a single program stands below its name, such as ${modules.find(({ layout }) => layout === "modules")?.name ?? modules[0]!.name}:\nits values are in charts/NAME/values.yaml. Generated: do not edit, but write what you change into a file of yours.`,
      own,
    ),
    "values.schema.json": schemaText(`Values of the chart ${catalogue.stack}`, own, { ...sections, library: anything }),
    "README.md": chartReadme(context, modules, [...valueRows(own), ...moduleRows(modules)]),
    ...under("templates", { ...umbrellaTemplates(context, modules), ...backupTemplates(context, modules) }),
    ...under("charts/library", {
      "Chart.yaml": chartText(catalogue, { name: "library", description: "What the charts of the modules are made of", type: "library" }),
      ...under("templates", libraryTemplates),
    }),
    ...Object.assign({}, ...modules.map((module) => under(`charts/${module.name}`, moduleFiles(context, module)))),
  }
  return under(catalogue.stack, files)
}

/**
 * Without what a cluster has itself, such as a Prometheus, or does not have, such as ports of a machine past the edge, and without profiles
 * that must be named.
 */
function forClusters({ monitoring: _, ...data }: DeploymentData): DeploymentData {
  const usual = Object.keys(data.profiles).filter((name) => !data.profiles[name]!.onlyNamed)
  const left = (name: string) => {
    const { profiles = usual } = data.services[name]!
    return data.kubernetes?.without.includes(name) === true || !profiles.some((profile) => usual.includes(profile))
  }
  const services = Object.fromEntries(Object.entries(data.services).filter(([name]) => !left(name)))
  const routes = Object.fromEntries(Object.entries(data.routes).filter(([, { service }]) => !left(service)))
  const has = (all: DeploymentData["services"], profile: string) => Object.values(all).some(({ profiles }) => profiles?.includes(profile))
  const needed = (profile: string) => usual.includes(profile) && (!has(data.services, profile) || has(services, profile))
  const profiles = Object.fromEntries(Object.entries(data.profiles).filter(([name]) => needed(name)))
  return withClusterProfiles({ ...data, services, routes, profiles })
}

/** With the profiles that only a cluster has: each is like another one, without some services. */
function withClusterProfiles(data: DeploymentData): DeploymentData {
  const own = Object.entries(data.kubernetes?.profiles ?? {})
  const runs = (name: string, all: string[] | undefined) => {
    const usual = all ?? Object.keys(data.profiles)
    return [...usual, ...own.flatMap(([profile, { of, without }]) => (usual.includes(of) && !without.includes(name) ? [profile] : []))]
  }
  const services = Object.entries(data.services).map(([name, service]) => [name, { ...service, profiles: runs(name, service.profiles) }])
  const profiles = own.map(([name, { purpose, of }]) => [name, { ...data.profiles[of], purpose }])
  return { ...data, services: Object.fromEntries(services), profiles: { ...data.profiles, ...Object.fromEntries(profiles) } }
}

/** The files, with the paths that they have below a folder. */
export function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]))
}

/** Helm puts these into the values of every chart. */
const inherited = { global: anything, library: anything }

const isEdge = ({ files }: Module): boolean => Object.hasOwn(files, edgeFile)

function chartText({ sources, pins }: Catalogue, entry: object): string {
  const version = Object.keys(sources).map((name) => pins.sources[name]!.version)[0] ?? "0"
  return `# Generated from deployment.yaml and stack.yaml: do not edit.\n${helmYaml({ apiVersion: "v2", ...entry, version: chartVersion, appVersion: version, kubeVersion: kubernetes })}`
}

function moduleFiles(context: Context, module: Module): Record<string, string> {
  const { catalogue } = context
  const values = moduleValues(module)
  return {
    "Chart.yaml": chartText(catalogue, {
      name: module.name,
      description: module.purpose,
      type: "application",
      dependencies: [{ name: "library", version: chartVersion, repository: "file://../library" }],
    }),
    "values.yaml": valuesText(`The values of ${module.name}: ${module.purpose}. Generated: do not edit.`, values),
    "values.schema.json": schemaText(`Values of the chart ${module.name}`, values, inherited),
    "module.yaml": moduleText(context, module),
    "templates/module.yaml": moduleTemplate,
    ...module.texts,
    ...(isEdge(module) ? { [edgeFile]: edgeText(context) } : {}),
  }
}

/** What the library reads. Expressions of Helm are filled in when it does. */
function moduleText(context: Context, module: Module): string {
  const { catalogue, data } = context
  const {
    environment,
    waits,
    openSetting,
    registered,
    names,
    texts: _,
    purpose: __,
    replicas: ___,
    limitMiB: ____,
    requestMiB: _____,
    requestMilliCpus: ______,
    storageMiB: _______,
    imageSetting,
    single,
    ...rest
  } = module
  const plain = { stack: catalogue.stack, image: imageSetting, ...rest, single: single !== undefined, singleReason: single }
  const edge = isEdge(module) ? edgeEnvironment(context) : {}
  const lines = [
    "# What this module is. Generated from deployment.yaml and stack.yaml: do not edit. Helm fills in what stands in braces.",
    helmYaml(plain, { aliasDuplicateObjects: false }).trimEnd(),
    ...mappingLines("environment", { ...environmentOf({ catalogue, data }, environment), ...edge }),
    ...waitLines(waits),
    ...(registered === undefined
      ? []
      : [
          "registered:",
          `  place: {{ include "library.address" (list . ${JSON.stringify(registered.service)} ${registered.port}) | quote }}`,
          `  user: ${JSON.stringify(registered.user)}`,
          `  password: /run/secrets/${registered.password}`,
        ]),
    ...(names === undefined ? [] : namesLines({ catalogue, data }, names)),
    ...(openSetting === undefined ? [] : [`open: {{ eq (include "library.setting" (list . ${JSON.stringify(openSetting)})) "false" }}`]),
  ]
  return `${lines.join("\n")}\n`
}

const environmentOf = (context: Pick<Context, "catalogue" | "data">, environment: Record<string, string>) =>
  Object.fromEntries(Object.entries(environment).map(([name, one]) => [name, helmText(context, one)]))

function waitLines(waits: Module["waits"]): string[] {
  if (waits.length === 0) return ["waits: []"]
  const lines = waits.map(({ module, port, seconds }) => {
    const address = `include "library.address" (list . ${JSON.stringify(module)} ${port})`
    return `  - {{ ${seconds === undefined ? address : `printf "%s:%d" (${address}) ${seconds}`} | quote }}`
  })
  return ["waits:", ...lines]
}

/** What takes the place of the above with global.discovery=names. Nothing registers then. */
function namesLines(context: Pick<Context, "catalogue" | "data">, { environment, waits, single, ...rest }: Names): string[] {
  const plain = { ...rest, ...(single === undefined ? {} : { single: true, singleReason: single }) }
  const lines = [
    ...(Object.keys(plain).length === 0 ? [] : clusterText(helmYaml(plain)).trimEnd().split("\n")),
    ...(environment === undefined ? [] : ["registered: null", ...mappingLines("environment", environmentOf(context, environment))]),
    ...(waits === undefined ? [] : waitLines(waits)),
  ]
  return ["names:", ...lines.map((line) => `  ${line}`)]
}

function mappingLines(name: string, entries: Record<string, string>): string[] {
  const lines = Object.entries(entries).map(([key, one]) => `  ${key}: ${one}`)
  return lines.length === 0 ? [`${name}: {}`] : [`${name}:`, ...lines]
}

const variableAt = (service: string, target: number) => `AT_${service.toUpperCase().replaceAll("-", "_")}_${target}`

function edgeText({ deployment }: Context): string {
  const { acme: _, ...edge } = deployment.edge
  return haproxyText(
    { ...deployment, edge },
    {
      address: (service, target) => `"\${${variableAt(service, target)}}"`,
      secure: '{ str("$PUBLIC_SCHEME") -m str https }',
      proxied: true,
    },
  )
}

/** HAProxy asks for whole names only. */
function edgeEnvironment(context: Context): Record<string, string> {
  const { deployment } = context
  const targets = new Map(deployment.routes.map(({ service, target }) => [variableAt(service, target), { service, target }]))
  return {
    PUBLIC_SCHEME: '{{ (urlParse (include "library.setting" (list . "PUBLIC_URL"))).scheme | quote }}',
    BEHIND_PROXY: '{{ ternary "yes" "no" .Values.behindProxy | quote }}',
    ...Object.fromEntries(
      [...targets].map(([name, { service, target }]) => [
        name,
        `{{ include "library.wholeAddress" (list . ${JSON.stringify(moduleAt(context, service, target))} ${target}) | quote }}`,
      ]),
    ),
  }
}

// ---- values -------------------------------------------------------------------------------------------------------------------------

function usedSettings(context: Context, modules: Module[]): string[] {
  const { data } = context
  const found = new Set<string>()
  const add = (name: string): void => {
    const setting = data.settings[name]
    if (found.has(name) || setting === undefined) return
    found.add(name)
    // A port of the machine is a place behind the ingress here.
    for (const other of settingsIn((setting.default ?? "").replace(/\$\{PUBLIC_URL\}:\$\{[A-Z0-9_]+\}/g, ""))) add(other)
  }
  add("PUBLIC_URL")
  for (const { environment } of context.deployment.backup?.parts ?? [])
    for (const name of Object.values(environment).flatMap(settingsIn)) add(name)
  if (context.deployment.backup !== undefined) add("TZ")
  for (const { environment, openSetting } of modules) {
    for (const name of Object.values(environment).flatMap(settingsIn)) add(name)
    if (openSetting !== undefined) add(openSetting)
  }
  return Object.keys(data.settings).filter((name) => found.has(name))
}

function globalValues(context: Context, modules: Module[]): Value {
  const { data, deployment, catalogue } = context
  const settings = usedSettings(context, modules).map((name): Value => {
    const { purpose, choices, default: given, pattern, expected } = data.settings[name]!
    const derived = given?.includes("${") ?? false
    const words = [
      name === "PUBLIC_URL" ? "The address that clients use: https://, or http:// where nothing in front has a certificate" : purpose,
      ...(choices === undefined ? [] : [`One of ${choices.join(", ")}`]),
      ...(derived ? ["Empty: made from the others"] : []),
      ...(expected === undefined || choices !== undefined ? [] : [`Expected: ${expected}`]),
    ]
    return value(name, words.join(". "), derived ? "" : (given ?? ""), settingSchema(choices, pattern))
  })
  const ofBackup = deployment.settings.filter(({ name }) => name === deployment.backup?.imageSetting)
  const backupImage = ofBackup.map(({ name, expected, default: given }) => ({ imageSetting: name, imageForm: expected ?? given ?? "" }))
  const needed = [...modules.map(({ imageSetting, imageForm }) => ({ imageSetting, imageForm })), ...backupImage]
  const images = [...new Map(needed.map((one) => [one.imageSetting, one])).values()].map(({ imageSetting, imageForm }) => {
    const { default: known, purpose } = deployment.settings.find(({ name }) => name === imageSetting)!
    return value(imageSetting, known === undefined ? `${purpose}. Fill it in: ${imageForm}` : purpose, known ?? "", text)
  })
  const optional = [...new Set(modules.flatMap(({ secrets }) => secrets.filter((one) => one.optional).map(({ setting }) => setting)))]
  const stores = modules.filter(({ kind }) => kind === "StatefulSet")
  return section("global", "For all modules.", [
    value(
      "profile",
      `What runs: ${Object.entries(data.profiles)
        .map(([name, one]) => `${name} (${one.purpose.toLowerCase()})`)
        .join(", ")}.`,
      data.settings["COMPOSE_PROFILES"]?.default ?? Object.keys(data.profiles)[0],
      choice(...Object.keys(data.profiles)),
    ),
    value(
      "layout",
      "modules: a pod for each program. grouped: one pod with all programs of a source, which needs less memory.",
      "modules",
      choice("modules", "grouped"),
    ),
    ...discoveryValue(data),
    value(
      "secret",
      `The name of the Secret with the passwords. Its keys are the names of .env in small letters; README.md has the command that makes it.`,
      `${catalogue.stack}-secrets`,
      { ...text, minLength: 1 },
    ),
    value(
      "optionalSecrets",
      optional.length === 0 ? "This stack has no optional secret." : `Optional settings that this Secret has, of ${optional.join(", ")}.`,
      [],
      optional.length === 0 ? { type: "array", maxItems: 0 } : { type: "array", items: choice(...optional) },
    ),
    section("settings", "The settings, with the names that they have in .env.", settings),
    section("images", "The images, with the names that they have in .env.", images),
    value("imagePullPolicy", "When images are pulled.", "IfNotPresent", choice("Always", "IfNotPresent", "Never")),
    value("imagePullSecrets", "Names of Secrets with passwords of registries.", [], texts),
    section(
      "external",
      "Stores at other places, as HOST:PORT. One that is named here is not installed.",
      stores.map(({ name, purpose }) => value(name, `${purpose}.`, "", { ...text, pattern: "^$|^[A-Za-z0-9.-]+:[0-9]+$" })),
    ),
    ...(data.backup === undefined
      ? []
      : [
          value(
            "restore",
            "The name of a backup, or latest: all pods stop, and Jobs put it in the place of the data. Then leave it out again.",
            "",
            { ...text, pattern: "^$|^latest$|^backup_[0-9]{8}_[0-9]{6}$" },
          ),
        ]),
    value("storageClass", "The storage class of all volumes. Empty: the cluster's default.", "", text),
    value(
      "checkCluster",
      "Whether the chart looks for the classes that values name, and for a metrics server. The user then needs the right to read them.",
      true,
      flag,
    ),
    value("clusterDomain", "The domain of the cluster's names.", "cluster.local", text),
    section("networkPolicy", "Who reaches whom.", [
      value(
        "enabled",
        "Only pods that share a network in deployment.yaml reach each other. Needs a network that enforces policies.",
        true,
        flag,
      ),
      value("from", "Who reaches the edge, as `from` of a NetworkPolicy has it. Empty: all.", [], list),
    ]),
    section("monitoring", "For Prometheus.", [
      value("podMonitor", "Makes a PodMonitor for each module with metrics. Needs the operator of Prometheus.", false, flag),
      value("labels", "Labels of these, by which your Prometheus finds them.", {}, anything),
      value("namespace", "The namespace of Prometheus, which may then reach the ports of metrics.", "monitoring", text),
    ]),
  ])
}

/** Only where there is a choice. */
function discoveryValue({ kubernetes: { registry, names } = { profiles: {}, hosts: {}, pods: {} } }: DeploymentData): Value[] {
  if (registry === undefined || names === undefined) return []
  const alone = Object.entries(names.pods).flatMap(([name, { single }]) => (single === undefined ? [] : [name]))
  const limits = [`no ${Object.keys(names.refused).join(", ")}`, ...alone.map((name) => `one pod of ${name}`)].join(", ")
  const purpose = `How programs find each other. ${registry.service}: they register there. names: by names of services, without ${registry.service}, and with limits (${limits}) that docs/kubernetes.md explains.`
  return [value("discovery", purpose, registry.service, choice(registry.service, "names"))]
}

/** Helm's --set makes numbers and flags of what looks like them. Its regular expressions do not look ahead. */
function settingSchema(choices: string[] | undefined, pattern: string | undefined): object {
  if (choices !== undefined) {
    const numbers = choices.filter((word) => /^\d+$/.test(word)).map(Number)
    const words = choices.flatMap((word): unknown[] => (/^(true|false)$/.test(word) ? [word, word === "true"] : [word]))
    if (numbers.length === 0) return { enum: words }
    return { anyOf: [{ enum: words }, { type: "integer", minimum: Math.min(...numbers), maximum: Math.max(...numbers) }] }
  }
  return { type: ["string", "integer"], ...(pattern === undefined ? {} : { pattern: `^$|^(${pattern.replace(/\(\?![^)]*\)/g, "")})$` }) }
}

function umbrellaValues(): Value[] {
  return [
    section(
      "ingress",
      "An Ingress in front of the edge, which has the routes, limits and headers: so every controller will do, without annotations that rewrite paths.",
      [
        value(
          "enabled",
          "Whether there is one. Without it, reach the edge by its Service (edge.serviceType), or by kubectl port-forward.",
          false,
          flag,
        ),
        value("className", "The class of the controller: nginx, traefik, istio … Empty: the cluster's default.", "", text),
        value(
          "annotations",
          "Annotations for the controller. The defaults keep WebSockets open and let files pass in nginx; others ignore them.",
          {
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
            "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
            "nginx.ingress.kubernetes.io/proxy-body-size": "0",
          },
          anything,
        ),
        section("tls", "Certificates, where PUBLIC_URL begins with https://.", [
          value(
            "enabled",
            "Whether the Ingress names a Secret with one. false: the controller has it already, as a cloud's load balancer or one for all hosts.",
            true,
            flag,
          ),
          value(
            "issuer",
            "The issuer of cert-manager that makes it. Empty: you make the Secret from files (docs/kubernetes.md).",
            "",
            text,
          ),
          value(
            "issuerKind",
            "Where that issuer is: ClusterIssuer in the cluster, Issuer in the namespace.",
            "ClusterIssuer",
            choice("ClusterIssuer", "Issuer"),
          ),
          value("secret", "The Secret with tls.crt and tls.key for all hosts. Empty: RELEASE-tls.", "", text),
          value(
            "secretElsewhere",
            "Whether the controller reads that Secret in another namespace, as Istio does: then the chart does not look for it.",
            false,
            flag,
          ),
        ]),
      ],
    ),
    section("gateway", "Routes of the Gateway API instead of an Ingress.", [
      value("enabled", "Whether there are HTTPRoutes.", false, flag),
      value("parentRefs", "Your Gateways, as parentRefs of an HTTPRoute has them.", [], list),
    ]),
  ]
}

function moduleValues(module: Module): Value[] {
  const deployment = module.kind === "Deployment"
  const edge = Object.hasOwn(module.files, "haproxy.cfg")
  return [
    ...(module.single !== undefined ? [] : [value("replicas", "How many pods run. Ignored with autoscaling.", module.replicas, count())]),
    value("image", `Another image than global.images.${module.imageSetting}.`, "", text),
    section("resources", "What its container asks for, and may use at most. There is no limit of processors: it would only slow it down.", [
      value("requests", "What a node must have.", { cpu: `${module.requestMilliCpus}m`, memory: `${module.requestMiB}Mi` }, anything),
      value("limits", "With more memory it is ended.", { memory: `${module.limitMiB}Mi` }, anything),
    ]),
    ...(deployment && module.single === undefined
      ? [
          section("autoscaling", "More pods with more load. Needs the metrics server.", [
            value("enabled", "Whether it is on.", false, flag),
            value("minReplicas", "The fewest pods.", 2, count(1)),
            value("maxReplicas", "The most pods.", 5, count(1)),
            value("cpuPercent", "The share of the requested processors that pods use on average.", 70, count(1)),
          ]),
        ]
      : []),
    ...(module.kind === "StatefulSet"
      ? [
          section("storage", "Its volume.", [
            value("size", "Its size.", `${Math.round((module.storageMiB ?? 0) / 1024)}Gi`, { ...text, pattern: "^[0-9]+(Mi|Gi|Ti)$" }),
            value("className", "Its storage class. Empty: global.storageClass.", "", text),
          ]),
        ]
      : []),
    value("drainSeconds", "How long a pod that ends still serves, while others learn that it ends.", module.drainSeconds, count()),
    ...(edge
      ? [value("behindProxy", "Whether something in front, such as an ingress controller, says in X-Forwarded-For who asks.", true, flag)]
      : []),
    ...(module.services.length > 0
      ? [
          value("serviceType", "The type of its Service.", "ClusterIP", choice("ClusterIP", "NodePort", "LoadBalancer")),
          value("serviceAnnotations", "Annotations of its Service, such as those of a cloud's load balancer.", {}, anything),
        ]
      : []),
    value("env", "More variables of its container, and other values of those that it has.", {}, anything),
    ...(module.command === undefined && module.layout === undefined
      ? []
      : [
          value(
            "secretEnv",
            "More variables whose values are in the Secret: the name of each, and the key.",
            {},
            {
              ...anything,
              additionalProperties: { ...text, minLength: 1 },
            },
          ),
        ]),
    value("podLabels", "More labels of its pods.", {}, anything),
    value("podAnnotations", "Annotations of its pods.", {}, anything),
    value("nodeSelector", "Labels of the nodes that it runs on.", {}, anything),
    value("tolerations", "Taints of nodes that it tolerates.", [], list),
    value("affinity", "Rules for the choice of a node.", {}, anything),
    value("priorityClassName", "Its priority class.", "", text),
  ]
}

function objectOfModule(module: Module): object {
  return { description: module.purpose, ...objectOf(moduleValues(module), inherited) }
}

/** Those that every module has, once. */
function moduleRows(modules: Module[]): [string, string, string][] {
  const known = new Map<string, [string, string, string]>()
  for (const module of modules) {
    for (const row of valueRows(moduleValues(module)))
      if (!known.has(row[0])) known.set(row[0], [`MODULE.${row[0]}`, row[1], row[2].replace(module.imageSetting, "…")])
  }
  return [...known.values()]
}
