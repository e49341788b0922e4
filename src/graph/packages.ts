// Carries out a package plan in a container: one exec, one layer.
import { CacheSharingMode, dag, type Container, type Secret } from "@dagger.io/dagger"
import { readPackageRecord, type PackageOutcome, type PackagePlan } from "../plan/packages.js"
import { packageScript } from "../plan/packagesScript.js"

/** Every image with apt has this folder, so mounting the cache here leaves no trace. */
const archives = "/var/cache/apt/archives"

/**
 * Installs what the plan wants; fails with the script's own last line, which names every attempt.
 * The script runs as the container's user, who must be root.
 */
export async function withPackages(
  container: Container,
  plan: PackagePlan,
  /** Proxy for the package managers; a secret because such an address may hold a password. */
  proxy?: Secret | null,
): Promise<Container> {
  const proxies = proxy ? ["http_proxy", "https_proxy"] : []
  const apt = ["debian", "ubuntu"].includes(plan.distribution)
  let prepared = container
  for (const name of proxies) prepared = prepared.withSecretVariable(name, proxy!)
  if (apt) {
    // apt holds a lock on its archives, so two builds at once must take turns.
    const volume = dag.cacheVolume(`packages-apt-${plan.distribution}-${plan.release}`)
    prepared = prepared.withMountedCache(archives, volume, { sharing: CacheSharingMode.Locked })
  }
  // A folder below the mount: official images delete what lies directly in it.
  const args = apt ? [`--apt-archives=${archives}/kept`] : []
  let installed = prepared.withExec(["sh", "-s", "--", ...args], { stdin: packageScript(plan) })
  try {
    installed = await installed.sync()
  } catch (error) {
    throw shortened(error)
  }
  if (apt) installed = installed.withoutMount(archives)
  for (const name of proxies) installed = installed.withoutSecretVariable(name)
  return installed
}

/** Who installed the packages and who refused, right after withPackages. */
export async function packageOutcome(container: Container): Promise<PackageOutcome> {
  return readPackageRecord(await container.stdout())
}

/** A failed exec says "exit code 1" and shows all output; the script's last line says what happened. */
function shortened(error: unknown): unknown {
  const stderr = (error as { stderr?: string } | null)?.stderr
  const last = stderr?.trim().split("\n").at(-1)
  return last ? new Error(last) : error
}
