// A real cluster of one node, from package registries, in one container: the charts are installed in it, used, broken and removed.

import { randomUUID } from "node:crypto"
import { type Container, type Directory, dag, type File, ReturnType } from "@dagger.io/dagger"
import { pinnedImage } from "../../src/catalogue/lookup.js"
import { fromFirst, withSystemPackages } from "../../src/graph/build/bases.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { namedArchive } from "../../src/graph/deploy/kit.js"
import { readResults } from "../../src/graph/stack/runs.js"
import { nodePackages } from "../../src/graph/stack/tests.js"
import { compiling, withBuildCache } from "../../src/graph/toolchains/go/caches.js"
import { goToolchain } from "../../src/graph/toolchains/go/container.js"
import { toolProgram } from "../../src/graph/toolchains/helpers.js"
import { stackOutcome } from "../../src/plan/stack/results.js"
import { type MakeKit, vitestRun } from "./deploy.js"
import { storeImage } from "./standIns.js"
import type { SuiteOutcome } from "./together.js"

const packages = [
  ...["containerd", "runc", "containernetworking-plugins", "iptables", "nftables", "conntrack", "iproute2", "ethtool", "socat", "procps"],
  ...["openssl", "ca-certificates", "e2fsprogs"],
]
const parts = ["etcd", "kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"]
const release = "v1.34.4"
const results = "/results"
const publicName = "im.example.test"

export async function kubernetesTests(settings: Settings, makeKit: MakeKit, checkout: Directory, nonce?: string): Promise<SuiteOutcome> {
  // The most work first: it takes all processors.
  const node = await clusterNode(settings, checkout)
  const coredns = await goProgram(settings, fixtures(checkout).directory("coredns"), "coredns", "-s -w")
  const [store, base] = await Promise.all([storeImage(settings), fromFirst(settings, [pinnedImage(settings.catalogue, "debian")])])
  const images = {
    pause: base.withEntrypoint(["/usr/bin/sleep", "infinity"]),
    coredns: base.withFile("/usr/local/bin/coredns", coredns, { permissions: 0o755 }).withEntrypoint(["/usr/local/bin/coredns"]),
  }
  const given = { name: "openim/stand-in-mongodb:test", container: store.container }
  const page = { name: "openim/stand-in-page:test", container: base }
  const [kit, ...own] = await Promise.all([
    makeKit({ mongodb: given, web: page, admin: page }, ["core", "frontend"]),
    ...Object.entries(images).map(async ([name, image]) => ({ name, file: await namedArchive(settings, image, `tests/${name}:1`) })),
  ])
  const archives = own.reduce((folder, { name, file }) => folder.withFile(`${name}.tar`, file), dag.directory())
  const ran = node
    .withDirectory(".", checkout.filter({ include: ["tsconfig.json", "tests/stacks", "tests/deploy"] }))
    .withMountedDirectory("/images", kit.directory("images").withDirectory(".", archives))
    .withMountedDirectory("/kit", kit.withoutDirectory("images"))
    // Where the users of tests/stacks/openim find the server: at the ingress.
    .withEnvVariable("STACK_API", `http://${publicName}/api`)
    .withEnvVariable("STACK_GATEWAY", `ws://${publicName}/msg_gateway`)
    .withEnvVariable("PUBLIC_NAME", publicName)
    .withEnvVariable("KUBECONFIG", "/etc/kube/pki/admin.kubeconfig")
    .withEnvVariable("RESULTS", results)
    .withEnvVariable("DEPLOY_TESTS", "tests/deploy/kubernetes/*.test.ts")
    .withEnvVariable("KUBERNETES_RUN", nonce ?? randomUUID())
    // As a machine's root: kubelet and containerd mount, and make control groups.
    .withExec(["sh", "-c", vitestRun(results)], { insecureRootCapabilities: true, expect: ReturnType.Any })
  return { ...stackOutcome(await readResults(ran.directory(results))), notes: [`mongodb is ${store.standIn}`] }
}

/** A machine with all programs of a cluster, its certificates and Helm. */
export async function clusterNode(settings: Settings, checkout: Directory): Promise<Container> {
  const files = fixtures(checkout)
  const kube = await goProgram(settings, files.directory("kube"), "kube", versionFlags())
  const [helm, project] = await Promise.all([toolProgram(settings, "helm"), nodePackages(settings, checkout)])
  const machine = await withSystemPackages(settings, { container: project, reference: "" }, "debian", packages)
  return parts
    .reduce(
      (box, part) => box.withSymlink("kube", `/usr/local/bin/${part}`),
      machine.withFile("/usr/local/bin/kube", kube, { permissions: 0o755 }),
    )
    .withFile("/usr/local/bin/helm", helm, { permissions: 0o755 })
    .withFile("/usr/local/bin/kube-node", files.file("node/kube-node"), { permissions: 0o755 })
    .withFile("/usr/local/bin/kube-pki", files.file("node/kube-pki"), { permissions: 0o755 })
    .withDirectory("/etc/kube", files.directory("node/etc"))
    .withDirectory("/etc/kube/manifests", files.directory("node/manifests"))
    .withExec(["kube-pki", "/etc/kube/pki"])
}

const fixtures = (checkout: Directory) => checkout.directory("tests/fixtures/kubernetes")

/** Without these lines the API server does not know its version, and charts refuse it. */
function versionFlags(): string {
  const values = { gitVersion: release, gitMajor: "1", gitMinor: release.split(".")[1]!, gitTreeState: "clean", gitCommit: "0" }
  const lines = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((name) =>
    Object.entries({ ...values, buildDate: "1970-01-01T00:00:00Z" }).map(([key, value]) => `-X ${name}.${key}=${value}`),
  )
  return ["-s -w", ...lines].join(" ")
}

/** A program of the tests whose modules go.sum names. */
async function goProgram(settings: Settings, source: Directory, name: string, linkFlags: string): Promise<File> {
  const go = await goToolchain(settings, settings.catalogue.pins.go)
  return withBuildCache(settings, go.version, go.container)
    .withDirectory("/program", source)
    .withWorkdir("/program")
    .withEnvVariable("CGO_ENABLED", "0")
    .withExec(compiling(name, ["go", "build", "-mod=mod", "-trimpath", "-ldflags", linkFlags, "-o", `/out/${name}`, "."]))
    .file(`/out/${name}`)
    .sync()
}
