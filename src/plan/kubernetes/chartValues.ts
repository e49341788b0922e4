// The values of the charts: of the whole stack, and of each module.

import type { DeploymentData } from "../../catalogue/deployment.js"
import { settingsIn } from "./expressions.js"
import type { Context, Module } from "./modules.js"
import { anything, choice, count, flag, list, objectOf, section, text, texts, type Value, value, valueRows } from "./values.js"

/** Helm puts these into the values of every chart. */
export const inherited = { global: anything, library: anything }

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

export function globalValues(context: Context, modules: Module[]): Value {
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
function discoveryValue({ registry, kubernetes }: DeploymentData): Value[] {
  const names = kubernetes?.names
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

export function umbrellaValues(): Value[] {
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

export function moduleValues(module: Module): Value[] {
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

export function objectOfModule(module: Module): object {
  return { description: module.purpose, ...objectOf(moduleValues(module), inherited) }
}

/** Those that every module has, once. */
export function moduleRows(modules: Module[]): [string, string, string][] {
  const known = new Map<string, [string, string, string]>()
  for (const module of modules) {
    for (const row of valueRows(moduleValues(module)))
      if (!known.has(row[0])) known.set(row[0], [`MODULE.${row[0]}`, row[1], row[2].replace(module.imageSetting, "…")])
  }
  return [...known.values()]
}
