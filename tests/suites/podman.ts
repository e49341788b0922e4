// A kit that is copied by ssh to a machine with podman: the stores and the edge, which show what is different there.

import { randomUUID } from "node:crypto"
import { type Container, type Directory, ReturnType } from "@dagger.io/dagger"
import { loadDeployment } from "../../src/catalogue/load.js"
import { withSystemPackages } from "../../src/graph/build/bases.js"
import { componentImage } from "../../src/graph/build/components.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { folderOf, namedArchive, operator, withChecksums } from "../../src/graph/deploy/kit.js"
import { readResults } from "../../src/graph/stack/runs.js"
import { nodePackages } from "../../src/graph/stack/tests.js"
import { deploymentFiles } from "../../src/plan/deploy/files.js"
import { archivePath } from "../../src/plan/deploy/kit.js"
import { stackOutcome } from "../../src/plan/stack/results.js"
import { withOtherRelease } from "./debianRelease.js"
import { vitestRun } from "./deploy.js"
import { joined, type SuiteOutcome } from "./together.js"

const podman = ["podman", "netavark", "aardvark-dns", "crun"]
const tools = ["docker-compose", "nftables", "iproute2", "procps", "ca-certificates", "openssl"]
const ssh = ["openssh-server", "openssh-client"]
const services = ["etcd", "redis", "edge"]
const results = "/results"
const publicName = "im.example.test"
const rootful = "tests/deploy/podman/*.test.ts"

/** Debian's podman, as root and over ssh. */
export async function podmanTests(settings: Settings, checkout: Directory, nonce?: string): Promise<SuiteOutcome> {
  const [kit, project] = await Promise.all([smallKit(settings, checkout), nodePackages(settings, checkout)])
  const machine = await withSystemPackages(settings, { container: project, reference: "" }, "debian", [...podman, ...tools, ...ssh])
  return deployedBy(machine.withMountedTemp("/var/lib/containers"), checkout, kit, rootful, nonce)
}

/** The same with the oldest podman that is promised; and Debian's, as a user who is not root. */
export async function podmansTests(settings: Settings, checkout: Directory, nonce?: string): Promise<SuiteOutcome> {
  const [kit, project] = await Promise.all([smallKit(settings, checkout), nodePackages(settings, checkout)])
  const old = { release: "bookworm", packages: [...podman, "conmon", "golang-github-containers-common"] }
  const own = [...podman, ...tools, "uidmap", "passt", "slirp4netns", "fuse-overlayfs"]
  const [older, other] = await Promise.all([
    withOtherRelease(settings, project, old, [...tools, ...ssh]),
    withSystemPackages(settings, { container: project, reference: "" }, "debian", own),
  ])
  const found: [string, SuiteOutcome][] = [
    ["podman of Debian 12", await deployedBy(older.withMountedTemp("/var/lib/containers"), checkout, kit, rootful, nonce)],
    [
      "not root",
      await deployedBy(other.withMountedTemp("/srv/containers"), checkout, kit, "tests/deploy/podman/rootless/*.test.ts", nonce),
    ],
  ]
  return joined(found)
}

async function deployedBy(machine: Container, checkout: Directory, kit: Directory, files: string, nonce?: string): Promise<SuiteOutcome> {
  const ran = machine
    .withDirectory(".", checkout.filter({ include: ["tsconfig.json", "tests/stacks", "tests/deploy"] }))
    .withMountedDirectory("/kit", kit)
    .withEnvVariable("RESULTS", results)
    .withEnvVariable("DEPLOY_TESTS", files)
    .withEnvVariable("PUBLIC_NAME", publicName)
    .withEnvVariable("PODMAN_IGNORE_CGROUPSV1_WARNING", "1")
    .withEnvVariable("PODMAN_RUN", nonce ?? randomUUID())
    // As a machine's root, for networks and control groups.
    .withExec(["sh", "-c", vitestRun(results)], { insecureRootCapabilities: true, expect: ReturnType.Any })
  return stackOutcome(await readResults(ran.directory(results)))
}

/** Like `deployment --images=archives`, with what builds quickly. */
async function smallKit(settings: Settings, checkout: Directory): Promise<Directory> {
  const { catalogue } = settings
  const data = await loadDeployment(catalogue, catalogue.stack)
  if (data === undefined) throw new Error(`stacks/${catalogue.stack} has no deployment.yaml`)
  const chosen = Object.values(data.services).filter(({ name }) => services.includes(name))
  const small = {
    ...data,
    services: Object.fromEntries(
      chosen.map((service) => [service.name, { ...service, needs: service.needs.filter((name) => services.includes(name)) }]),
    ),
    edge: { ...data.edge, ready: [] },
    checks: [],
  }
  const archives = await Promise.all(
    chosen.map(async ({ component }) => {
      const name = `openim/podman-${component}:test`
      const image = await componentImage(settings, { component, base: "debian", layout: "multicall" })
      return { component, name, file: await namedArchive(settings, image.container, name) }
    }),
  )
  const images = Object.fromEntries(archives.map(({ component, name }) => [component, `docker.io/${name}`]))
  const texts = deploymentFiles(catalogue, small, { profiles: [], official: false, base: catalogue.bases["debian"]!, images })
  const whole = archives.reduce(
    (folder, { component, file }) => folder.withFile(archivePath(component), file, { permissions: 0o644 }),
    folderOf(texts).withDirectory(".", await operator(settings, checkout)),
  )
  return withChecksums(settings, whole)
}
