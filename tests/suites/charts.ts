// The charts, rendered by Helm for each profile and layout: compared with the API of Kubernetes, and with the policy "restricted".

import { type Container, type Directory, dag, ReturnType } from "@dagger.io/dagger"
import { parse } from "yaml"
import { loadCatalogue, loadDeployment, stackNames } from "../../src/catalogue/load.js"
import type { Catalogue } from "../../src/catalogue/types.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { folderOf } from "../../src/graph/deploy/kit.js"
import { goToolchain } from "../../src/graph/toolchains/go/container.js"
import { fetchModule } from "../../src/graph/toolchains/go/sources.js"
import { edgeFile } from "../../src/plan/deploy/haproxy.js"
import { chartFiles } from "../../src/plan/kubernetes/charts.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, has, same } from "./cases.js"
import { kubernetesSchemas } from "./kubernetesSchemas.js"
import { imagesOf, manifestFaults, manifestsOf } from "./manifests.js"

/** The oldest version that the charts name, and the one of the suite kubernetes. The API's description is part of the module. */
const releases = {
  "1.27.16": "h1:DHFqj/HTUqHStFlRH9wCKPocqgHsjR6Q/DzYarB2QQE=",
  "1.34.4": "h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk=",
}

const options = {
  "an ingress with a certificate": "ingress.enabled=true,ingress.className=nginx,ingress.tls.issuer=letsencrypt",
  "an ingress with a certificate of an issuer in the namespace":
    "ingress.enabled=true,ingress.tls.issuer=company,ingress.tls.issuerKind=Issuer,ingress.tls.secret=im-site",
  "routes of the Gateway API": "gateway.enabled=true,gateway.parentRefs[0].name=public",
  "monitors, autoscalers and stores at other places":
    "global.monitoring.podMonitor=true,server-api.autoscaling.enabled=true,server-api.replicas=3,global.external.redis=redis.company.com:6379",
  "backups in a volume": "backup.enabled=true",
  "backups at another place, and one that is put back":
    "backup.enabled=true,backup.repository=s3:https://store.company.com/im,backup.user=im,global.restore=latest",
  "an address of MongoDB in the Secret": "global.optionalSecrets={MONGODB_URI},global.external.mongodb=mongodb.company.com:27017",
}

const byNames = "global.discovery=names,global.profile=server"

export async function chartTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const { catalogue } = settings
  const tools = (await toolbox(settings, ["helm", "kubeconform"], ["haproxy"])).withDirectory("/schemas", await schemas(settings))
  const { box, chart, files, data, helm, template, rendered, places, profiles } = await bench(tools, catalogue, checkout)
  const refused = async (set: string, words: string) => {
    const failed = helm(["template", "im", chart, "--kube-version=1.34.4"], [set])
    if ((await failed.exitCode()) === 0) throw new Error("it was rendered")
    has(await failed.stderr(), words)
  }
  return casesOf([
    ["helm lint finds nothing", async () => has(await output(helm(["lint", chart, "--strict"])), "0 chart(s) failed")],
    ...profiles.flatMap((profile) =>
      ["modules", "grouped"].map((layout): [string, () => Promise<unknown>] => [
        `profile ${profile}, layout ${layout}`,
        () => rendered([`global.profile=${profile},global.layout=${layout}`]),
      ]),
    ),
    ...Object.entries(options).map(([name, set]): [string, () => Promise<unknown>] => [name, () => rendered([set])]),
    ...places.map((place): [string, () => Promise<unknown>] => [
      `the values of ${place.name}`,
      async () => {
        const names = manifestsOf(await rendered([], [`--values=/places/${place.name}`])).map(({ metadata }) => metadata.name)
        same(place.elsewhere.filter((store) => names.includes(`im-${store}`)).join(" "), "")
      },
    ]),
    [
      "a variable of values takes the place of the chart's, and one whose value is in the Secret is a file",
      async () => {
        const text = await template(["server-api.env.TZ=Asia/Shanghai,server-api.secretEnv.IMENV_ONE=one"])
        const api = manifestsOf(text).find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "im-server-api")
        const pod = api?.spec?.template?.spec
        const values = (name: string) => pod?.containers[0]?.env?.filter((one) => one.name === name).map(({ value }) => value)
        same(JSON.stringify([values("TZ"), values("IMENV_ONE_FILE")]), JSON.stringify([["Asia/Shanghai"], ["/run/secrets/one"]]))
        has(JSON.stringify(pod?.volumes), '{"key":"one","path":"one"}')
      },
    ],
    [
      "a changed setting makes new pods of those that use it only",
      async () => {
        const workloads = async (sets: string[]) =>
          manifestsOf(await template(sets)).filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
        const before = new Set((await workloads([])).map((one) => JSON.stringify(one)))
        const changed = (await workloads(["global.settings.LOG_LEVEL=6"])).filter((one) => !before.has(JSON.stringify(one)))
        const names = changed.map(({ metadata }) => metadata.name)
        same(names.includes("im-server-api"), true)
        same(names.filter((name) => !/^im-(server|chat)-/.test(name)).join(" "), "")
      },
    ],
    [
      "programs that find each other by names of services: without the registry, and with one gateway",
      async () => {
        const all = manifestsOf(await rendered([byNames]))
        same(all.filter(({ metadata }) => metadata.name === "im-etcd").length, 0)
        const headless = all
          .filter(({ kind, spec }) => kind === "Service" && spec?.["clusterIP"] === "None")
          .map(({ metadata }) => metadata.name)
        same(headless.includes("im-server-rpc-msg") && headless.includes("im-openim-msggateway-headless"), true)
        const gateway = all.find(({ kind, metadata }) => kind === "Deployment" && metadata.name === "im-server-msggateway")
        const pod = gateway?.spec?.template?.spec
        same(JSON.stringify(gateway?.spec?.["strategy"]), '{"type":"Recreate"}')
        same(`${pod?.hostname}.${pod?.subdomain}`, "im-openim-msggateway-0.im-openim-msggateway-headless")
        const value = (name: string) => pod?.containers[0]?.env?.find((one) => one.name === name)?.value
        same(value("IMENV_SHARE_RPCREGISTERNAME_MSG"), "dns:///im-server-rpc-msg:10280")
        same(value("MY_POD_NAMESPACE"), "im")
        // Nothing of it is there where it was not chosen.
        same((await template([])).includes("clusterIP: None"), false)
      },
    ],
    [
      "the ingress names the Secret of its certificate and who makes it, or leaves both to the controller",
      async () => {
        const ingress = async (sets: string) => {
          const found = manifestsOf(await template([`ingress.enabled=true,${sets}`])).find(({ kind }) => kind === "Ingress")
          const issuers = Object.entries(found?.metadata.annotations ?? {}).filter(([name]) => name.startsWith("cert-manager.io/"))
          const secrets = (found?.spec?.["tls"] as { secretName: string; hosts: string[] }[] | undefined) ?? []
          return JSON.stringify([
            ...issuers.map((one) => one.join(" ")),
            ...secrets.map(({ secretName, hosts }) => `${secretName} ${hosts[0]}`),
          ])
        }
        const host = "im.company.com"
        same(await ingress("ingress.tls.issuer=one"), `["cert-manager.io/cluster-issuer one","im-tls ${host}"]`)
        same(await ingress("ingress.tls.issuer=one,ingress.tls.issuerKind=Issuer"), `["cert-manager.io/issuer one","im-tls ${host}"]`)
        same(await ingress("ingress.tls.secret=mine"), `["mine ${host}"]`)
        same(await ingress("ingress.tls.enabled=false,ingress.tls.issuer=one"), "[]")
        same(await ingress(`global.settings.PUBLIC_URL=http://${host}`), "[]")
      },
    ],
    [
      "a certificate for an address with http:// is refused",
      () =>
        refused(
          "ingress.enabled=true,ingress.tls.secret=mine,global.settings.PUBLIC_URL=http://im.company.com",
          "begins with http://: clients would not use it",
        ),
    ],
    [
      "two gateways are refused by names",
      () => refused(`${byNames},server-msggateway.replicas=2`, "but only one may run: with global.discovery=names"),
    ],
    [
      "chat is refused by names",
      () => refused("global.discovery=names", "the profile frontend has chat, and chat 1.8.4 ends at its start"),
    ],
    ["one pod for all programs is refused by names", () => refused(`${byNames},global.layout=grouped`, "global.layout is grouped")],
    ["a typo in a value is refused", () => refused("global.layuot=grouped", "'layuot' not allowed")],
    ["a value that cannot be right is refused", () => refused("global.layout=pods", "value must be one of 'modules', 'grouped'")],
    ["an image without a name is refused", () => refused("global.images.OPENIM_ETCD_IMAGE=", "global.images.OPENIM_ETCD_IMAGE is empty")],
    ["two of what may run once are refused", () => refused("server-crontask.replicas=2", "additional properties 'replicas' not allowed")],
    ["an old Kubernetes is refused", () => refusedOn(box, chart)],
    ...stackNames()
      .filter((name) => name !== catalogue.stack)
      .map((name): [string, () => Promise<unknown>] => [
        `the stack ${name}: each profile, and its values for places`,
        async () => {
          const other = await bench(tools, await loadCatalogue(name), checkout)
          for (const profile of other.profiles) await other.rendered([`global.profile=${profile}`])
          for (const place of other.places) await other.rendered([], [`--values=/places/${place.name}`])
          await edgeReads(other.box, other.files[`${name}/charts/${other.data.edge.service}/${edgeFile}`]!)
        },
      ]),
    ["HAProxy reads the edge's configuration", () => edgeReads(box, files[`${catalogue.stack}/charts/${data.edge.service}/${edgeFile}`]!)],
  ])
}

interface Place {
  name: string
  /** Stores that these values have elsewhere. */
  elsewhere: string[]
}

const placesFolder = (stack: string) => `examples/${stack}/kubernetes`

/** The files of values in the repository. */
async function placesOf(checkout: Directory, stack: string): Promise<Place[]> {
  const folder = placesFolder(stack)
  const names = await checkout.glob(`${folder}/*.yaml`)
  return Promise.all(
    names.map(async (path) => {
      const { global } = parse(await checkout.file(path).contents()) as { global?: { external?: object } }
      return { name: path.slice(folder.length + 1), elsewhere: Object.keys(global?.external ?? {}) }
    }),
  )
}

/** The charts of a stack in a container, and what asks Helm and Kubernetes' schemas about them. */
async function bench(tools: Container, catalogue: Catalogue, checkout: Directory) {
  const { stack } = catalogue
  const data = await loadDeployment(catalogue, stack)
  if (data === undefined) throw new Error(`stacks/${stack} has no deployment.yaml`)
  const files = chartFiles(catalogue, data)
  const values = {
    global: { settings: { PUBLIC_URL: "https://im.company.com" }, images: imagesOf(files[`${stack}/values.yaml`]!) },
  }
  const places = await placesOf(checkout, stack)
  const box = tools
    .withDirectory("/charts", folderOf(files))
    .withNewFile("/values.yaml", JSON.stringify(values))
    .withDirectory("/places", places.length === 0 ? dag.directory() : checkout.directory(placesFolder(stack)))
  const chart = `/charts/${stack}`
  const helm = (words: string[], sets: string[] = []) =>
    box.withExec(["helm", ...words, "--values=/values.yaml", ...sets.flatMap((one) => ["--set", one])], { expect: ReturnType.Any })
  const template = (sets: string[], more: string[] = []) =>
    output(helm(["template", "im", chart, "--namespace=im", "--kube-version=1.34.4", ...more], sets))
  const secrets = Object.values(data.services).flatMap((service) => Object.keys(service.secrets))
  const rendered = async (sets: string[], more: string[] = []) => {
    const text = await template(sets, more)
    same(manifestFaults(manifestsOf(text), secrets).join("\n"), "")
    for (const release of Object.keys(releases)) {
      const schema = `/schemas/${release}/{{.ResourceKind}}{{.KindSuffix}}.json`
      const words = ["kubeconform", "-strict", "-summary", "-skip=HTTPRoute,PodMonitor", `-schema-location=${schema}`, "/rendered.yaml"]
      has(await output(box.withNewFile("/rendered.yaml", text).withExec(words, { expect: ReturnType.Any })), "Invalid: 0, Errors: 0")
    }
    return text
  }
  return { box, chart, files, data, helm, template, rendered, places, profiles: profilesOf(files[`${stack}/values.schema.json`]!) }
}

async function output(ran: Container): Promise<string> {
  const [code, out, errors] = await Promise.all([ran.exitCode(), ran.stdout(), ran.stderr()])
  if (code !== 0) throw new Error(`${out}${errors}`.slice(-3000))
  return out
}

async function refusedOn(box: Container, chart: string): Promise<void> {
  const words = ["helm", "template", "im", chart, "--values=/values.yaml", "--kube-version=1.26.0"]
  has(await box.withExec(words, { expect: ReturnType.Any }).stderr(), "which is incompatible with Kubernetes v1.26.0")
}

/** With the variables of the module, and addresses that are not there yet. */
async function edgeReads(box: Container, text: string): Promise<void> {
  const places = [...new Set([...text.matchAll(/\$\{(AT_[A-Z0-9_]+)\}/g)].map(([, name]) => name!))]
  const given = { TLS: "off", RATE_LIMIT: "600", REQUEST_BYTES: "1000000", CONNECTIONS: "1000", HSTS_SECONDS: "0", HTTPS_PORT: "443" }
  const all = {
    ...given,
    PUBLIC_SCHEME: "https",
    BEHIND_PROXY: "yes",
    ...Object.fromEntries(places.map((name) => [name, "im-one.im.svc.cluster.local:1"])),
  }
  const edge = Object.entries(all).reduce((one, [name, value]) => one.withEnvVariable(name, value), box.withNewFile("/haproxy.cfg", text))
  await output(edge.withExec(["/usr/sbin/haproxy", "-c", "-f", "/haproxy.cfg"], { expect: ReturnType.Any }))
}

/** Those that the chart has: monitoring is another's business there. */
function profilesOf(schema: string): string[] {
  const { properties } = JSON.parse(schema) as { properties: { global: { properties: { profile: { enum: string[] } } } } }
  return properties.global.properties.profile.enum
}

/** What the charts make. */
const kinds = [
  ...["ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "NetworkPolicy", "PersistentVolumeClaim"],
  ...["PodDisruptionBudget", "Service", "ServiceAccount", "StatefulSet"],
]

async function schemas(settings: Settings): Promise<Directory> {
  const go = await goToolchain(settings)
  let folder = dag.directory()
  for (const [release, sum] of Object.entries(releases)) {
    const module = fetchModule(go.container, "k8s.io/kubernetes", `v${release}`, sum)
    const texts = kubernetesSchemas(await module.file("/module/source/api/openapi-spec/swagger.json").contents(), kinds)
    folder = folder.withDirectory(release, folderOf(texts))
  }
  return folder
}
