// What is asked of rendered manifests beyond their schema: the policy "restricted" of Kubernetes, limits, and that no secret is in them.

import { parseAllDocuments } from "yaml"

interface Container {
  name: string
  image: string
  env?: { name: string; value?: string }[]
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> }
  securityContext?: {
    allowPrivilegeEscalation?: boolean
    readOnlyRootFilesystem?: boolean
    capabilities?: { drop?: string[]; add?: string[] }
    privileged?: boolean
  }
  readinessProbe?: object
  [key: string]: unknown
}

interface PodSpec {
  hostname?: string
  subdomain?: string
  automountServiceAccountToken?: boolean
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
  securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string }; sysctls?: { name: string }[] }
  initContainers?: Container[]
  containers: Container[]
  volumes?: Record<string, unknown>[]
}

export interface Manifest {
  kind: string
  metadata: { name: string; annotations?: Record<string, string> }
  spec?: {
    template?: { spec: PodSpec }
    jobTemplate?: { spec: { template: { spec: PodSpec } } }
    replicas?: number
    [key: string]: unknown
  }
  [key: string]: unknown
}

export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(error.message)
    const content = document.toJS() as Manifest | null
    return content === null ? [] : [content]
  })
}

/** What is wrong, each as KIND NAME: what. */
export function manifestFaults(manifests: Manifest[], secrets: string[]): string[] {
  const seen = new Set<string>()
  return manifests.flatMap((manifest) => {
    const name = `${manifest.kind} ${manifest.metadata.name}`
    const twice = seen.has(name) ? ["it is there twice"] : []
    seen.add(name)
    const pod = (manifest.spec?.template ?? manifest.spec?.jobTemplate?.spec.template)?.spec
    const faults = [
      ...twice,
      ...(manifest.kind === "Secret" ? ["it is a Secret"] : []),
      ...(pod === undefined ? [] : podFaults(pod, secrets)),
    ]
    return faults.map((fault) => `${name}: ${fault}`)
  })
}

/** Of sysctls, the policy allows those that concern the pod's own network only. */
const allowedSysctls = ["net.ipv4.ip_unprivileged_port_start"]
/** And of volumes, nothing of the node. */
const allowedVolumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"]

function podFaults(pod: PodSpec, secrets: string[]): string[] {
  const { securityContext: context = {} } = pod
  const rules: [boolean, string][] = [
    [context.runAsNonRoot === true && context.runAsUser !== 0, "it may run as root"],
    [["RuntimeDefault", "Localhost"].includes(context.seccompProfile?.type ?? ""), "it has no seccomp profile"],
    [pod.automountServiceAccountToken === false, "it gets a token of its service account"],
    [!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, "it uses namespaces of the node"],
    [(context.sysctls ?? []).every(({ name }) => allowedSysctls.includes(name)), "it sets a sysctl that the policy refuses"],
    [
      (pod.volumes ?? []).every((volume) => Object.keys(volume).every((key) => key === "name" || allowedVolumes.includes(key))),
      "it has a volume that the policy refuses",
    ],
  ]
  const ofContainers = [...(pod.initContainers ?? []), ...pod.containers].flatMap((container) =>
    containerFaults(container, secrets).map((fault) => `container ${container.name}: ${fault}`),
  )
  return [...rules.flatMap(([ok, fault]) => (ok ? [] : [fault])), ...ofContainers]
}

function containerFaults({ securityContext: context = {}, resources, env = [] }: Container, secrets: string[]): string[] {
  const { drop = [], add = [] } = context.capabilities ?? {}
  const rules: [boolean, string][] = [
    [context.allowPrivilegeEscalation === false, "it may get more rights"],
    [!context.privileged, "it is privileged"],
    [drop.includes("ALL") && add.every((one) => one === "NET_BIND_SERVICE"), "it keeps capabilities"],
    [context.readOnlyRootFilesystem === true, "its root can be written"],
    [resources?.requests?.["cpu"] !== undefined && resources.requests["memory"] !== undefined, "it requests no memory or processor"],
    [resources?.limits?.["memory"] !== undefined, "its memory has no limit"],
  ]
  const given = env.filter(({ name, value }) => secrets.includes(name) && value !== undefined)
  return [...rules.flatMap(([ok, fault]) => (ok ? [] : [fault])), ...given.map(({ name }) => `${name} is a secret, and a value here`)]
}

/** A name for each image that the values of a chart ask for. */
export function imagesOf(values: string): Record<string, string> {
  return Object.fromEntries(
    [...values.matchAll(/^ {4}([A-Z0-9_]+_IMAGE):/gm)].map(([, name]) => [name!, "registry.company.com/im/image:1"]),
  )
}
