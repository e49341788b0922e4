// Carries out a package plan in a container: one exec, one layer.
import { CacheSharingMode, dag, type Container, type Directory, type File, type Secret } from "@dagger.io/dagger"
import type { PackagePlan } from "../plan/packageTypes.js"
import { type PackageOutcome, packageScript, readPackageLog } from "../plan/packagesScript.js"

/** Every image with apt has this folder, so mounting the cache here leaves no trace. */
const archives = "/var/cache/apt/archives"
/** A folder below it: official images delete what lies directly in it. */
const aptArchives = `${archives}/kept`
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
  const apt = hasApt(plan)
  let prepared = withArchives(container.withMountedFile(library, functions), plan)
  for (const name of proxies) prepared = prepared.withSecretVariable(name, proxy!)
  const options = apt ? { aptArchives } : {}
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

/** The files of a plan's packages, whose names hold their versions, in a repository of their own; nothing is installed. */
export async function fetchedPackages(
  container: Container,
  plan: PackagePlan,
  functions: File = dag.currentModule().source().file("shell/install-packages.sh"),
): Promise<Directory> {
  const options = { fetchTo, ...(hasApt(plan) ? { aptArchives } : {}) }
  const fetched = withArchives(container.withMountedFile(library, functions), plan)
    .withDirectory(fetchTo, dag.directory())
    .withExec(["sh", "-s"], { stdin: packageScript(`. ${library}`, plan, options) })
  try {
    return await fetched.directory(fetchTo).sync()
  } catch (error) {
    throw shortened(error)
  }
}

const fetchTo = "/tmp/fetched"

function hasApt({ distribution }: PackagePlan): boolean {
  return ["debian", "ubuntu"].includes(distribution)
}

function withArchives(container: Container, plan: PackagePlan): Container {
  if (!hasApt(plan)) return container
  // apt holds a lock on its archives, so two builds at once must take turns.
  return container.withMountedCache(archives, dag.cacheVolume(`packages-apt-${plan.distribution}`), { sharing: CacheSharingMode.Locked })
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
