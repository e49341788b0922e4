// helm and kubectl in a container, with a cluster of the caller's: what a deploy of the charts would change there.

import { randomUUID } from "node:crypto"
import { type Container, type Directory, type File, ReturnType, type Secret, type Service } from "@dagger.io/dagger"
import { Problem } from "../../base/problem.js"
import { clusterFindings } from "../../plan/deploy/cluster.js"
import { clusterFacts, plannedChanges, type Tool } from "../../plan/deploy/clusterPlan.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"

export interface ClusterPlanRequest {
  kubeconfig: Secret
  context?: string
  namespace: string
  release: string
  /** The folder of the chart. */
  chart: Directory
  schema: object
  /** Stores need volumes. */
  volumes: boolean
  values?: File
  /** The API server, where the kubeconfig's address leads nowhere in a container. */
  cluster?: Service
}

const file = "/run/kube/config"

export async function clusterPlan(settings: Settings, request: ClusterPlanRequest): Promise<string> {
  const { kubeconfig, namespace, release, chart, schema, values, cluster } = request
  const tools = await toolbox(settings, ["helm"], ["kubectl", "diffutils"])
  const box = tools
    .withDirectory("/chart", chart)
    .withMountedSecret(file, kubeconfig)
    .withEnvVariable("KUBECONFIG", file)
    // A cluster changes without this call.
    .withEnvVariable("KUBE_PLAN", randomUUID())
  const ready = values === undefined ? box : box.withFile("/values.yaml", values)
  const reached = cluster === undefined ? ready : ready.withServiceBinding("cluster", cluster)
  const address = cluster === undefined ? undefined : await serverOf(reached, request)
  const run: Tool = (tool, words, input) => ask(reached, [tool, ...words, ...flags(tool, request, address)], input)
  const findings = clusterFindings(await clusterFacts(run, namespace, request.volumes))
  const words = findings.map(({ message, next }) => `${message}${next === undefined ? "" : `. Next: ${next}`}\n`)
  // Who may not make its objects gets no other answer from the API server.
  if (findings.some(({ code }) => code !== "storage")) throw new Problem(words.join("").trim())
  const given = values === undefined ? [] : ["--values=/values.yaml"]
  return `${words.join("")}${await plannedChanges(run, { release, chart: "/chart", namespace, values: given, schema })}`
}

function flags(tool: "helm" | "kubectl", { context, namespace }: ClusterPlanRequest, server?: URL): string[] {
  const chosen = context === undefined ? [] : [tool === "helm" ? `--kube-context=${context}` : `--context=${context}`]
  // Its certificate has the name of the kubeconfig's address.
  const other = server && [`https://cluster:${server.port || 443}`, server.hostname]
  const place =
    other === undefined ? [] : tool === "helm" ? ["--kube-apiserver", "--kube-tls-server-name"] : ["--server", "--tls-server-name"]
  return [`--namespace=${namespace}`, ...chosen, ...place.map((name, at) => `${name}=${other![at]}`)]
}

async function serverOf(box: Container, { context }: ClusterPlanRequest): Promise<URL> {
  const own = context === undefined ? [] : [`--context=${context}`]
  const words = ["kubectl", "config", "view", "--minify", "--output=jsonpath={.clusters[0].cluster.server}", ...own]
  const { code, stdout, tail } = await ask(box, words)
  if (code !== 0 || !URL.canParse(stdout))
    throw new Problem(`the kubeconfig names no cluster: ${tail.trim()}`, "kubectl config get-contexts")
  return new URL(stdout)
}

async function ask(box: Container, words: string[], stdin?: string) {
  const ran = box.withExec(words, { expect: ReturnType.Any, ...(stdin === undefined ? {} : { stdin }) })
  const [code, stdout, errors] = await Promise.all([ran.exitCode(), ran.stdout(), ran.stderr()])
  return { code, stdout, tail: `${stdout.slice(-4000)}${errors}` }
}
