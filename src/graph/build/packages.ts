// Carries out a package plan in a container: one exec, one layer.
import { CacheSharingMode, type Container, type Directory, dag, type File } from "@dagger.io/dagger"
import { type PackageOutcome, packageScript, readPackageLog } from "../../plan/packages/script.js"
import type { PackagePlan } from "../../plan/packages/types.js"
import { exitCodeOf, tailOf } from "../call/failures.js"

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
  /** The shell functions; given where there is no module to take them from. */
  functions: File = dag.currentModule().source().file("shell/install-packages.sh"),
  /** For images that are handed out: no file keeps the right to act as another user. */
  withoutSetuid = false,
): Promise<Container> {
  const apt = keepsArchives(plan)
  const prepared = withArchives(container.withMountedFile(library, functions), plan)
  const options = { withoutSetuid, ...(apt ? { aptArchives } : {}) }
  let installed = prepared.withExec(["sh", "-s"], { stdin: packageScript(`. ${library}`, plan, options) })
  try {
    installed = await installed.sync()
  } catch (error) {
    throw shortened(error)
  }
  installed = installed.withoutMount(library)
  return apt ? installed.withoutMount(archives) : installed
}

/** The files of a plan's packages, whose names hold their versions, in their own repository; nothing is installed. */
export async function fetchedPackages(
  container: Container,
  plan: PackagePlan,
  functions: File = dag.currentModule().source().file("shell/install-packages.sh"),
): Promise<Directory> {
  const options = { fetchTo, ...(keepsArchives(plan) ? { aptArchives } : {}) }
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

/**
 * apt compares kept files by their size alone, and what a package runs while it is installed could change them. So packages from a
 * folder, such as a bundle's, which nobody has signed, see none of those that come from repositories; and copying them costs nothing.
 */
function keepsArchives({ distribution, steps }: PackagePlan): boolean {
  const folder = steps.some(({ sources }) => sources.some((source) => source !== "own" && source.url.startsWith("file:")))
  return ["debian", "ubuntu"].includes(distribution) && !folder
}

function withArchives(container: Container, plan: PackagePlan): Container {
  if (!keepsArchives(plan)) return container
  // apt holds a lock on its archives, so two builds at once must take turns.
  return container.withMountedCache(archives, dag.cacheVolume(`packages-apt-${plan.distribution}`), { sharing: CacheSharingMode.Locked })
}

/** Who installed the packages and who refused, right after withPackages. */
export async function packageOutcome(container: Container, plan: PackagePlan): Promise<PackageOutcome> {
  return readPackageLog(plan.subject, await container.stderr())
}

/** A failed exec says "exit code 1" and shows all output; the script's last line says what happened. */
function shortened(error: unknown): unknown {
  return exitCodeOf(error) === undefined ? error : new Error(tailOf(error, 1))
}
