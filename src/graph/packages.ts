// Carries out a package plan in a container: one exec, one layer.
import { CacheSharingMode, dag, type Container, type File, type Secret } from "@dagger.io/dagger"
import type { PackagePlan } from "../plan/packageTypes.js"
import { type PackageOutcome, packageScript, readPackageLog } from "../plan/packagesScript.js"

/** Every image with apt has this folder, so mounting the cache here leaves no trace. */
const archives = "/var/cache/apt/archives"
const library = "/tmp/install-packages.sh"

/**
 * Installs what the plan wants; fails with the script's own last line, which names every attempt.
 * The script runs as the container's user, who must be root.
 */
export async function withPackages(
  container: Container,
  plan: PackagePlan,
  /** Proxy for the package managers; a secret because such an address may hold a password. */
  proxy?: Secret | null,
  /** The shell functions; given where there is no module to take them from. */
  functions: File = dag.currentModule().source().file("shell/install-packages.sh"),
): Promise<Container> {
  const proxies = proxy ? ["http_proxy", "https_proxy"] : []
  const apt = ["debian", "ubuntu"].includes(plan.distribution)
  let prepared = container.withMountedFile(library, functions)
  for (const name of proxies) prepared = prepared.withSecretVariable(name, proxy!)
  if (apt) {
    // apt holds a lock on its archives, so two builds at once must take turns.
    const volume = dag.cacheVolume(`packages-apt-${plan.distribution}`)
    prepared = prepared.withMountedCache(archives, volume, { sharing: CacheSharingMode.Locked })
  }
  // A folder below the mount: official images delete what lies directly in it.
  const options = apt ? { aptArchives: `${archives}/kept` } : {}
  let installed = prepared.withExec(["sh", "-s"], { stdin: packageScript(`. ${library}`, plan, options) })
  try {
    installed = await installed.sync()
  } catch (error) {
    throw shortened(error)
  }
  installed = installed.withoutMount(library)
  if (apt) installed = installed.withoutMount(archives)
  for (const name of proxies) installed = installed.withoutSecretVariable(name)
  return installed
}

/** Who installed the packages and who refused, right after withPackages. */
export async function packageOutcome(container: Container, plan: PackagePlan): Promise<PackageOutcome> {
  return readPackageLog(plan.subject, await container.stderr())
}

/** A failed exec says "exit code 1" and shows all output; the script's last line says what happened. */
function shortened(error: unknown): unknown {
  const stderr = (error as { stderr?: string } | null)?.stderr
  const last = stderr?.trim().split("\n").at(-1)
  return last ? new Error(last) : error
}
