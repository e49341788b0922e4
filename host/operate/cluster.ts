// deploy, status and rollback on Kubernetes: by helm and kubectl, with the chart of the kit and the settings of .env.
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { jsonText } from "../../src/base/format"
import { lastWords } from "../../src/base/lastWords"
import { unknownName } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { table } from "../../src/base/table"
import {
  type ChartSchema,
  chartValues,
  clusterFindings,
  ingressAddresses,
  modulesNamed,
  podRows,
  secretManifest,
  valueFaults,
  warningsOf,
} from "../../src/plan/deploy/cluster"
import { clusterFacts, plannedChanges, type Tool, withoutRights } from "../../src/plan/deploy/clusterPlan"
import { blocking } from "../../src/plan/deploy/preflight"
import { checkEnv, type Diagnostic } from "../../src/plan/deploy/settings"
import { writeFileAtomic } from "../files"
import { attempt, type Finished, which } from "../run"
import { attached } from "./engine"
import { ensureEnv } from "./envVerb"
import { type Folder, settingsOf } from "./folder"
import { type Check, printed, synthetic, timed } from "./health"
import { recorded } from "./history"
import { locked } from "./lock"
import { EXIT, findingLines, Refusal, result, say } from "./print"
import { kitId } from "./releases"

export interface Cluster {
  context?: string | undefined
  namespace?: string | undefined
}

export interface ClusterDeploy extends Cluster {
  values?: string | undefined
  address?: string | undefined
  environment?: string | undefined
  profiles: string[]
  ignore: string[]
  dryRun: boolean
  limitSeconds?: number | undefined
}

export interface Site {
  folder: Folder
  /** Of the release as well. */
  name: string
  chart: string
  secret: string
  context: string
  namespace: string
}

/** The tools and the context, before anything else is asked. */
export async function siteOf(folder: Folder, { context, namespace }: Cluster, kit = folder.path): Promise<Site> {
  for (const [tool, page] of [
    ["kubectl", "https://kubernetes.io/docs/tasks/tools"],
    ["helm", "https://helm.sh/docs/intro/install"],
  ] as const)
    if (!(await which(tool))) throw new Refusal(`${tool} is not installed`, EXIT.refused, `install it: ${page}`)
  const { stack } = folder.deployment
  const chart = [join(kit, "charts", stack), join(kit, "../../charts", stack)].find(existsSync)
  if (!chart) throw new Refusal(`${join(kit, "charts", stack)} is missing`, EXIT.refused, "unpack the kit again")
  const names = (await attempt(["kubectl", "config", "get-contexts", "--output=name"])).stdout.split("\n").filter(Boolean)
  const current = (await attempt(["kubectl", "config", "current-context"])).stdout.trim()
  const chosen = context ?? current
  if (!chosen)
    throw new Refusal(
      "kubectl has no current context, so no cluster is chosen",
      EXIT.refused,
      `--context=NAME, of ${names.join(", ") || "none"}`,
    )
  if (!names.includes(chosen)) throw new Refusal(unknownName("context", chosen, names).message, EXIT.usage, "kubectl config get-contexts")
  return { folder, name: stack, chart, secret: `${stack}-secrets`, context: chosen, namespace: namespace ?? stack }
}

const kubectl = (site: Site, words: string[], input?: string): Promise<Finished> =>
  attempt(["kubectl", `--context=${site.context}`, `--namespace=${site.namespace}`, ...words], input === undefined ? {} : { input })

export const helm = (site: Site, words: string[]): Promise<Finished> =>
  attempt(["helm", ...words, `--kube-context=${site.context}`, `--namespace=${site.namespace}`])

export async function asked<T>(site: Site, words: string[]): Promise<T> {
  const done = await kubectl(site, [...words, "--output=json"])
  if (done.code !== 0)
    throw new Refusal(
      `the cluster of context ${site.context} does not answer: ${lastWords(done.tail, 1)}`,
      EXIT.refused,
      "kubectl cluster-info says more",
    )
  return JSON.parse(done.stdout) as T
}

const tool =
  (site: Site): Tool =>
  (name, words, input) =>
    name === "helm" ? helm(site, words) : kubectl(site, words, input)

/** What the shared part has to say, as this program ends. */
async function refusedBy<T>(site: Site, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Problem) || error instanceof Refusal) throw error
    throw new Refusal(
      error.what.replace(/^the cluster does not/, `the cluster of context ${site.context} does not`),
      EXIT.refused,
      error.next,
    )
  }
}

/** All that would keep the release from working, while nothing has changed yet. */
export async function judged(site: Site, ignore: string[], others: Diagnostic[] = []): Promise<void> {
  const volumes = site.folder.deployment.services.some((service) => Object.keys(service.volumes).length > 0)
  const facts = await refusedBy(site, () => clusterFacts(tool(site), site.namespace, volumes))
  const findings = [...clusterFindings(facts), ...others]
  if (findings.length > 0) process.stderr.write(findingLines(findings))
  const left = blocking(findings, ignore)
  if (left.length > 0)
    throw new Refusal(
      `${left.length === 1 ? "one fault keeps" : `${left.length} faults keep`} the stack from working; nothing has changed`,
      EXIT.refused,
      "correct them as said above",
    )
}

export async function clusterDeploy(folder: Folder, options: ClusterDeploy): Promise<number> {
  const site = await siteOf(folder, options)
  const own = ownValues(options)
  say(`${folder.deployment.title} ${folder.deployment.release} to the namespace ${site.namespace} of ${site.context}`)
  await judged(site, options.ignore)
  if (options.dryRun) return plan(site, options, own)
  await locked(folder, "deploy --kubernetes", () => recorded(folder, "deploy --kubernetes", () => install(site, options, own)))
  return EXIT.fine
}

export function ownValues({ values }: ClusterDeploy): string | undefined {
  const own = values === undefined ? undefined : resolve(values)
  if (own !== undefined && !existsSync(own))
    throw new Refusal(`${own} is missing`, EXIT.usage, "--values=FILE names a file of values for the chart")
  return own
}

/** The options with the values for helm: those of .env in a file, where no secret is, and the user's. */
async function helmValues(site: Site, options: ClusterDeploy, dry: boolean, own?: string): Promise<{ values: string[]; env: string }> {
  const { folder } = site
  const { text } = await ensureEnv(folder, options, dry)
  // TLS and ports are those of the ingress there.
  const faults = checkEnv(folder.deployment, text, options.environment).filter(({ code }) => code !== "scheme" && code !== "origin")
  const left = blocking(faults, options.ignore)
  if (left.length > 0) {
    process.stderr.write(findingLines(left))
    throw new Refusal(
      "the settings in .env have faults; nothing has changed",
      EXIT.refused,
      "correct them as said above: openimctl env check",
    )
  }
  const schema = schemaOf(site)
  const file = join(folder.own, "kubernetes-values.json")
  mkdirSync(folder.own, { recursive: true, mode: 0o700 })
  writeFileAtomic(file, jsonText(chartValues(folder.deployment, schema, text, options.profiles)), 0o600)
  return { values: [file, ...(own === undefined ? [] : [own])].map((one) => `--values=${one}`), env: text }
}

const schemaOf = (site: Site): ChartSchema => JSON.parse(readFileSync(join(site.chart, "values.schema.json"), "utf8")) as ChartSchema

export async function install(site: Site, options: ClusterDeploy, own: string | undefined): Promise<string> {
  const began = Date.now()
  const { values, env } = await helmValues(site, options, false, own)
  const { name, namespace, chart } = site
  if ((await kubectl(site, ["get", "namespace", namespace])).code !== 0) await must(site, ["create", "namespace", namespace])
  // By standard input: arguments can be read by others.
  await must(site, ["apply", "--filename=-"], jsonText(secretManifest(site.folder.deployment, env, site.secret, namespace)))
  const seconds = options.limitSeconds ?? 600
  say(`helm installs or updates the release ${name}; it waits until all pods are ready, at most ${seconds} s`)
  const done = await helm(site, [
    "upgrade",
    "--install",
    name,
    chart,
    "--atomic",
    "--wait",
    `--timeout=${seconds}s`,
    "--history-max=10",
    // By this, rollback finds the files of the kit.
    `--description=${site.folder.deployment.release} (kit ${kitId(site.folder.path)})`,
    ...(await withoutRights(tool(site))),
    ...values,
  ])
  if (done.code !== 0) throw await failed(site, began, done)
  say(`deployed in ${Math.round((Date.now() - began) / 1000)} s`)
  return `release ${name} in ${namespace}`
}

async function must(site: Site, words: string[], input?: string): Promise<void> {
  const done = await kubectl(site, words, input)
  if (done.code !== 0) throw new Refusal(`kubectl ${words[0]} ${words[1]} failed: ${lastWords(done.tail)}`, EXIT.failed)
}

/** Helm goes back and says only that time was up: the events of the cluster say why. */
export async function failed(site: Site, began: number, done: Finished): Promise<Refusal> {
  const [fault] = valueFaults(schemaOf(site), done.tail)
  if (fault !== undefined)
    return new Refusal(`${fault}; nothing has changed`, EXIT.refused, `${join(site.chart, "README.md")} lists all values`)
  const events = await kubectl(site, ["get", "events", "--output=json"])
  const warnings = events.code === 0 ? warningsOf(JSON.parse(events.stdout), began).slice(0, 5) : []
  for (const line of warnings) say(line)
  const went = /rolled back|has been uninstalled|uninstalled due to atomic/.test(done.tail) ? "; the release is as it was before" : ""
  return new Refusal(
    `helm failed${went}: ${warnings[0] ?? lastWords(done.tail, 1)}`,
    EXIT.failed,
    `kubectl --context=${site.context} -n ${site.namespace} get events shows all of them`,
  )
}

/** What would change, as the API server sees it. */
export async function plan(site: Site, options: ClusterDeploy, own: string | undefined): Promise<number> {
  const { values } = await helmValues(site, options, true, own)
  const { name: release, chart, namespace, secret: ownSecret } = site
  const planned = { release, chart, namespace, values, schema: schemaOf(site), ownSecret }
  result(await refusedBy(site, () => plannedChanges(tool(site), planned)))
  return EXIT.fine
}

export async function clusterStatus(folder: Folder, cluster: Cluster, json: boolean): Promise<number> {
  const site = await siteOf(folder, cluster)
  const rows = podRows(await asked(site, podsOf(site)))
  const healthy = rows.length > 0 && rows.every(({ ready }) => ready)
  if (json) result(jsonText({ ok: healthy, context: site.context, namespace: site.namespace, pods: rows }))
  else if (rows.length === 0) result(`nothing is deployed in the namespace ${site.namespace} of ${site.context}`)
  else
    result(
      table(
        ["POD", "READY", "RESTARTS", "WHY"],
        rows.map(({ name, ready, restarts, reason }) => [name, ready ? "yes" : "no", String(restarts), reason]),
      ),
    )
  return healthy ? EXIT.fine : EXIT.unhealthy
}

/** The pods, and what a client does through the public address. */
export async function clusterHealth(
  folder: Folder,
  cluster: Cluster,
  { limitSeconds, json, quick }: { limitSeconds: number; json: boolean; quick: boolean },
): Promise<number> {
  const until = Date.now() + limitSeconds * 1000
  const site = await siteOf(folder, cluster)
  const settings = settingsOf(folder)
  const pods = timed(until, "pods", "pod", async () => {
    const rows = podRows(await asked(site, podsOf(site)))
    if (rows.length === 0) throw new Error(`nothing is deployed in the namespace ${site.namespace} of ${site.context}`)
    return rows.map(({ name, ready, restarts, reason }): Check => {
      const detail = [reason, restarts > 0 ? `${restarts} restarts` : ""].filter(Boolean).join(", ")
      return { name, kind: "pod", ok: ready, milliseconds: 0, detail }
    })
  })
  const client = timed(until, "synthetic check", "synthetic", async () =>
    quick ? [] : synthetic(folder, settings, Math.max(5, (until - Date.now()) / 1000), ingressAddresses(folder.deployment, settings)),
  )
  return printed((await Promise.all([pods, client])).flat(), json)
}

export const podsOf = (site: Site): string[] => ["get", "pods", `--selector=app.kubernetes.io/instance=${site.name}`]

/** What pods have written; of all modules where none is named. */
export async function clusterLogs(folder: Folder, cluster: Cluster, names: string[], follow: boolean, lines: string): Promise<number> {
  const site = await siteOf(folder, cluster)
  let modules: string[]
  try {
    modules = modulesNamed(modulesOf(site), names)
  } catch (error) {
    throw new Refusal((error as Error).message, EXIT.usage, "openimctl status --kubernetes lists the pods")
  }
  const own = modules.length === 0 ? "" : `,app.kubernetes.io/name in (${modules.join(",")})`
  return attached(
    [
      ...["kubectl", `--context=${site.context}`, `--namespace=${site.namespace}`, "logs"],
      `--selector=app.kubernetes.io/instance=${site.name}${own}`,
      ...["--prefix", `--tail=${lines === "all" ? "-1" : lines}`, "--max-log-requests=100", ...(follow ? ["--follow"] : [])],
    ],
    folder.path,
  )
}

/** The charts of modules, with the services that they belong to. */
function modulesOf({ chart }: Site): Record<string, string> {
  const modules = readdirSync(join(chart, "charts")).filter((name) => existsSync(join(chart, "charts", name, "module.yaml")))
  const serviceOf = (name: string) => /^service: (\S+)$/m.exec(readFileSync(join(chart, "charts", name, "module.yaml"), "utf8"))?.[1]
  return Object.fromEntries(modules.map((name) => [name, serviceOf(name) ?? name]))
}
