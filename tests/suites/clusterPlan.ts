// kube-plan, asked for an API server without nodes: what would be made, changed and removed, and what is refused.

import { randomUUID } from "node:crypto"
import { type Directory, dag, type Secret } from "@dagger.io/dagger"
import { loadDeployment } from "../../src/catalogue/load.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { type ClusterPlanRequest, clusterPlan } from "../../src/graph/deploy/clusterPlan.js"
import { folderOf } from "../../src/graph/deploy/kit.js"
import { chartFiles } from "../../src/plan/kubernetes/charts.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, has, same } from "./cases.js"
import { clusterNode } from "./kubernetes.js"
import { imagesOf } from "./manifests.js"

const namespace = "im"

export async function clusterPlanTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const node = await clusterNode(settings, checkout)
  const { catalogue } = settings
  const { stack } = catalogue
  const data = (await loadDeployment(catalogue, stack))!
  const files = chartFiles(catalogue, data)
  const images = imagesOf(files[`${stack}/values.yaml`]!)
  const valuesText = (more: object = {}) =>
    JSON.stringify({ global: { settings: { PUBLIC_URL: "https://im.company.com" }, images }, ...more })
  const api = node
    .withEnvVariable("RUN", randomUUID())
    .withExposedPort(6443)
    .asService({ args: ["kube-node", "api"] })
  const config = async (user: string): Promise<Secret> =>
    dag.setSecret(`kubeconfig-${user}`, await node.file(`/etc/kube/pki/${user}.kubeconfig`).contents())
  const request: ClusterPlanRequest = {
    kubeconfig: await config("admin"),
    namespace,
    release: stack,
    chart: folderOf(files).directory(stack),
    schema: JSON.parse(files[`${stack}/values.schema.json`]!) as object,
    volumes: true,
    cluster: api,
  }
  const planned = (more: Partial<ClusterPlanRequest> = {}, values: object = {}) =>
    clusterPlan(settings, { ...request, values: dag.file("values.yaml", valuesText(values)), ...more })
  const client = node
    .withServiceBinding("cluster", api)
    .withDirectory("/chart", request.chart)
    .withNewFile("/values.yaml", valuesText())
    .withEnvVariable("KUBECONFIG", "/etc/kube/pki/admin.kubeconfig")
    .withEnvVariable("CHART", "/chart --values=/values.yaml --kube-version=1.34.4 --namespace=im")
    .withEnvVariable("PLACE", `--server=https://cluster:6443 --tls-server-name=127.0.0.1 --namespace=${namespace}`)
  const sh = (script: string) => client.withEnvVariable("RUN", randomUUID()).withExec(["sh", "-ec", script]).stdout()
  const refused = async (words: string, more: Partial<ClusterPlanRequest>, values: object = {}) => {
    const said = await planned(more, values).then(
      (text) => `it was planned: ${text}`,
      (error: Error) => error.message,
    )
    has(said, words)
  }
  await api.start()
  try {
    return await casesOf([
      [
        "kube-plan of a new namespace lists what would be made, and says what the cluster lacks",
        async () => {
          const text = await planned()
          has(text, `the namespace ${namespace} is not there yet`)
          has(text, `Deployment ${stack}-${data.edge.service}`)
          has(text, "the cluster has no default storage class")
        },
      ],
      [
        "kube-plan names a Secret that is missing, as a deploy would",
        async () => {
          await sh(`kubectl $PLACE create namespace ${namespace}; kubectl $PLACE create serviceaccount default`)
          await refused(`there is no Secret ${stack}-secrets in the namespace ${namespace}`, {})
        },
      ],
      [
        "kube-plan lists what would be made, and makes nothing",
        async () => {
          const [, command] = /^kubectl [^`]*?(create secret generic[^`]*?)\nhelm /m.exec(files[`${stack}/README.md`]!) ?? []
          await sh(`kubectl $PLACE ${command}`)
          has(await planned(), `  Deployment ${stack}-${data.edge.service}\n`)
          same((await sh("kubectl $PLACE get deployments,services --output=name")).trim(), "")
        },
      ],
      [
        "kube-plan finds nothing where all is as the chart has it, and then what differs",
        async () => {
          await sh(`helm template ${stack} $CHART --dry-run=server --kube-apiserver=https://cluster:6443 --kube-tls-server-name=127.0.0.1 >/tmp/all
            kubectl $PLACE apply --server-side --filename=/tmp/all >/dev/null`)
          has(await planned(), "nothing would change")
          const text = await planned({}, { [data.edge.service]: { replicas: 3 } })
          has(text, `would be changed: 1\n  Deployment ${stack}-${data.edge.service}\n`)
          has(text, "+  replicas: 3")
        },
      ],
      [
        "kube-plan names what the API server refuses",
        () => refused("the API server refuses it", {}, { [data.edge.service]: { podLabels: { "not a label": "x" } } }),
      ],
      ["kube-plan names a value with a typo", () => refused("did you mean global.settings?", {}, { global: { setings: {} } })],
      [
        "kube-plan names the rights that a user lacks",
        async () => refused(`in the namespace ${namespace}`, { kubeconfig: await config("node") }),
      ],
      ["kube-plan names a context that is not there", () => refused("the kubeconfig names no cluster", { context: "nowhere" })],
    ])
  } finally {
    await api.stop({ kill: true })
  }
}
