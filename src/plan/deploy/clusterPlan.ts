// What a deploy would change on a cluster: helm renders the chart, and the API server compares the result with what it has.

import { lastWords } from "../../base/lastWords.js"
import { Problem } from "../../base/problem.js"
import { type ClusterFacts, valueFaults } from "./cluster.js"

/** Runs helm or kubectl for one cluster and namespace. `tail` is the end of what it printed, errors too. */
export type Tool = (tool: "helm" | "kubectl", words: string[], input?: string) => Promise<{ code: number; stdout: string; tail: string }>

export interface Planned {
  release: string
  /** The folder of the chart, where helm finds it. */
  chart: string
  namespace: string
  /** --values=FILE for each file. */
  values: string[]
  /** The chart's values.schema.json. */
  schema: object
  /** A Secret that the deploy itself makes: as long as it is not there, the chart must not ask for it. */
  ownSecret?: string
}

/** Kinds that every deploy makes. */
const kinds = [
  "deployments.apps",
  "statefulsets.apps",
  "services",
  "secrets",
  "configmaps",
  "serviceaccounts",
  "networkpolicies.networking.k8s.io",
]

const mayNot = async (run: Tool, verb: string, kind: string) => (await run("kubectl", ["auth", "can-i", verb, kind])).stdout.trim() === "no"

/** What the cluster says of itself and of its user's rights. */
export async function clusterFacts(run: Tool, namespace: string, volumes: boolean): Promise<ClusterFacts> {
  const answer = await run("kubectl", ["version", "--output=json"])
  if (answer.code !== 0) throw new Problem(`the cluster does not answer: ${lastWords(answer.tail, 1)}`, "kubectl cluster-info says more")
  const { serverVersion } = JSON.parse(answer.stdout) as { serverVersion?: { major: string; minor: string } }
  const refused: string[] = []
  for (const kind of kinds) if (await mayNot(run, "create", kind)) refused.push(kind)
  const classes = await run("kubectl", ["get", "storageclasses", "--output=json"])
  const standard = "storageclass.kubernetes.io/is-default-class"
  type Classes = { items: { metadata: { name: string; annotations?: Record<string, string> } }[] }
  return {
    version: serverVersion && `${serverVersion.major}.${serverVersion.minor.replace(/\D.*/, "")}`,
    refused,
    namespace,
    storageClasses:
      classes.code === 0
        ? (JSON.parse(classes.stdout) as Classes).items.map(({ metadata: { name, annotations } }) => ({
            name,
            standard: annotations?.[standard] === "true",
          }))
        : undefined,
    volumes,
  }
}

/** What the chart must not ask a cluster of a user who may only use a namespace of it, as an option for helm. */
export async function withoutRights(run: Tool): Promise<string[]> {
  const asked = ["ingressclasses.networking.k8s.io", "storageclasses.storage.k8s.io", "apiservices.apiregistration.k8s.io"]
  for (const kind of asked) if (await mayNot(run, "get", kind)) return ["--set=global.checkCluster=false"]
  return []
}

/** A text for people. Nothing is changed. */
export async function plannedChanges(run: Tool, { release, chart, namespace, values, schema, ownSecret }: Planned): Promise<string> {
  const there = async (kind: string, name: string) => (await run("kubectl", ["get", kind, name])).code === 0
  const started = await there("namespace", namespace)
  // As in a deploy, helm then looks into the cluster: for classes and the Secret that the values name, whose content leaves marks on pods.
  const looks = started && (ownSecret === undefined || (await there("secret", ownSecret)))
  const looking = looks ? ["--dry-run=server", ...(await withoutRights(run))] : []
  const rendered = await run("helm", ["template", release, chart, ...looking, ...values])
  if (rendered.code !== 0) {
    const [fault] = valueFaults(schema, rendered.tail)
    throw new Problem(fault ?? `the chart cannot be rendered: ${lastWords(rendered.tail)}`)
  }
  const next = objectsIn(rendered.stdout, namespace)
  if (!started) return `the namespace ${namespace} is not there yet; this would be made in it:\n${listed([...next.keys()])}`
  const before = await run("helm", ["get", "manifest", release])
  const now = before.code === 0 ? objectsIn(before.stdout, namespace) : new Map<string, string>()
  const diff = await run("kubectl", ["diff", "--server-side", "--force-conflicts", "--filename=-"], rendered.stdout)
  if (diff.code > 1) throw new Problem(`the API server refuses it: ${lastWords(diff.tail)}`)
  const found = diffsIn(diff.stdout)
  // Another program that somebody has kubectl use prints it in its way.
  return diff.code === 1 && found.length === 0 ? diff.stdout : changesText(found, now, next)
}

/** Kind, namespace and name → the text of the object. What Helm keeps when it leaves a release is not counted as removed. */
export function objectsIn(manifests: string, namespace: string): Map<string, string> {
  return new Map(
    manifests.split(/^---$/m).flatMap((text): [string, string][] => {
      const kind = /^kind: (\w+)$/m.exec(text)?.[1]
      const metadata = /^metadata:\n((?: .*\n?)+)/m.exec(text)?.[1] ?? ""
      const name = /^ {2}name: "?([^\s"]+)"?$/m.exec(metadata)?.[1]
      const own = /^ {2}namespace: "?([^\s"]+)"?$/m.exec(metadata)?.[1] ?? namespace
      return kind === undefined || name === undefined ? [] : [[`${kind} ${own === namespace ? "" : `${own}/`}${name}`, text.trim()]]
    }),
  )
}

interface Difference {
  object: string
  made: boolean
  text: string
}

/** The parts of what `kubectl diff` prints: one for each object, by the names of its files. */
export function diffsIn(text: string): Difference[] {
  return text
    .split(/^(?=diff )/m)
    .filter((part) => part.startsWith("diff "))
    .map((part) => {
      const [head = "", ...lines] = part.split("\n")
      const file = head.trim().split("/").at(-1)!
      const [, kind, , name] = /(?:^|\.)v\d+(?:(?:alpha|beta)\d+)?\.([A-Z]\w*)\.([^.]*)\.(.+)$/.exec(file) ?? []
      const body = lines.filter((line) => !/^(---|\+\+\+) /.test(line)).join("\n")
      return { object: kind === undefined ? file : `${kind} ${name}`, made: /^@@ -0,0 /m.test(body), text: body.trimEnd() }
    })
}

const listed = (names: string[]) => names.map((name) => `  ${name}\n`).join("")

/** What is new, what changes and how, and what goes. The API server does not see what a newer object leaves out: the release's text shows it. */
export function changesText(diffs: Difference[], now: Map<string, string>, next: Map<string, string>): string {
  const made = diffs.filter((one) => one.made).map(({ object }) => object)
  const changed = diffs.filter((one) => !one.made)
  const known = new Set(diffs.map(({ object }) => object))
  const other = [...next].flatMap(([name, text]) => (now.has(name) && now.get(name) !== text && !known.has(name) ? [name] : []))
  const removed = [...now.keys()].filter((name) => !next.has(name) && !/^ {4}helm\.sh\/resource-policy: keep$/m.test(now.get(name)!))
  const parts: [string, string[]][] = [
    ["would be made", made],
    ["would be changed", changed.map(({ object }) => object)],
    ["would lose a part that the release has", other],
    ["would be removed", removed],
  ]
  const lists = parts.flatMap(([title, names]) => (names.length === 0 ? [] : [`${title}: ${names.length}\n${listed(names)}`]))
  if (lists.length === 0) return "nothing would change\n"
  return [...lists, ...changed.map(({ object, text }) => `\n${object}\n${text}\n`)].join("")
}
