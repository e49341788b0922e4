// Files that a Node source makes, such as pages. Its packages are installed before the source is there.

import { CacheSharingMode, type Container, type Directory, dag } from "@dagger.io/dagger"
import { Problem } from "../../../base/problem.js"
import type { ContentEntry } from "../../../catalogue/types.js"
import { cacheName } from "../../../plan/build/caches.js"
import { checkScript, type Manager, managerOf, nodeRefusal, tidyScript } from "../../../plan/toolchains/node/managers.js"
import { parsed } from "../../../plan/toolchains/node/version.js"
import { byContent, type FoundSource, folderIn, wholeOf } from "../../build/foundSource.js"
import { tailOf } from "../../call/failures.js"
import type { Settings } from "../../call/settings.js"
import type { PreparedToolchain } from "../toolchain.js"

/** What is made, or installed, here and is no part of the source. */
const made = ["**/node_modules", "**/.git"]

/** The files below the folder `from` once the script `build` has run; for a service, also the packages that it needs when it runs. */
export async function nodeContent(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: FoundSource,
  { from, packages }: ContentEntry,
): Promise<Directory> {
  checkScript(parsed(await source.directory.file("package.json").contents()), "build")
  try {
    const built = (await withSource(settings, toolchain, source)).withExec([(await managerFor(source)).name, "run", "build"])
    const files = await built
      .directory(from)
      .sync()
      .catch(() => undefined)
    await built.sync()
    if (files !== undefined && (await files.entries()).length > 0)
      return packages ? await withProduction(settings, toolchain, source, files) : files
  } catch (error) {
    if (error instanceof Problem) throw error
    // npm explains itself in many lines, the reason first.
    const refused = nodeRefusal(tailOf(error, 500))
    throw new Error(`${source.origin} cannot be built: ${refused ?? tailOf(error)}`)
  }
  throw new Problem(`the build of ${source.origin} has made no files in ${from}/`, "correct content.from in stack.yaml")
}

/** package.json says how Node reads the files. */
async function withProduction(settings: Settings, toolchain: PreparedToolchain, source: FoundSource, files: Directory): Promise<Directory> {
  const { production } = await managerFor(source)
  const ready = (await installed(settings, toolchain, source, production)).withExec(["sh", "-euc", tidyScript])
  return dag
    .directory()
    .withFile("package.json", source.directory.file("package.json"))
    .withDirectory("node_modules", ready.directory("node_modules"))
    .withDirectory(".", files)
    .sync()
}

/** The source with its packages, where its scripts run. */
export async function withSource(settings: Settings, toolchain: PreparedToolchain, source: FoundSource): Promise<Container> {
  const { root } = wholeOf(source)
  return (await installed(settings, toolchain, source)).withDirectory("/src", root, { exclude: made })
}

/** By the lock file alone: an edit of the source does not install again. */
async function installed(
  settings: Settings,
  { container }: PreparedToolchain,
  source: FoundSource,
  options: string[] = [],
): Promise<Container> {
  const { root, path } = wholeOf(source)
  const manager = await managerFor(source)
  const include = ["**/package.json", `**/${manager.lockFile}`, "**/.npmrc", "**/pnpm-workspace.yaml"]
  const ready = withManager(container, manager)
    .withDirectory("/src", await byContent(root.filter({ include, exclude: made })))
    .withWorkdir(folderIn(path))
  if (settings.bundle) {
    return ready
      .withDirectory("/root/.npm", settings.bundle.directory.directory("npm"))
      .withExec([...manager.install, ...options, "--offline"])
  }
  const trust = settings.custom === undefined ? undefined : "custom"
  // Packages in it are compared with the lock file's checksums.
  const name = cacheName("openim-npm", { bundle: false, trust })
  return ready
    .withMountedCache("/root/.npm", dag.cacheVolume(name), { sharing: CacheSharingMode.Shared })
    .withExec([...manager.install, ...options])
}

function withManager(container: Container, { name, version }: Manager): Container {
  return version === undefined
    ? container
    : container.withExec(["npm", "install", "--global", "--no-audit", "--no-fund", `${name}@${version}`])
}

async function managerFor({ directory }: FoundSource): Promise<Manager> {
  const [manifest, files] = await Promise.all([directory.file("package.json").contents(), directory.entries()])
  return managerOf(manifest, files)
}

/** npm's own store of what the lock file names. */
export async function nodePackages(toolchain: PreparedToolchain, source: FoundSource): Promise<Directory> {
  const manager = await managerFor(source)
  if (manager.name !== "npm")
    throw new Problem(`a bundle cannot hold the packages of ${manager.name} yet`, "use npm, or build with a network")
  const { root, path } = wholeOf(source)
  const fetched = toolchain.container
    .withDirectory("/src", root.filter({ include: ["**/package.json", "**/package-lock.json"], exclude: made }))
    .withWorkdir(folderIn(path))
    .withExec([...manager.install, "--ignore-scripts", "--cache", "/fetched/npm"])
  return dag
    .directory()
    .withDirectory("npm", fetched.directory("/fetched/npm"), { exclude: ["_logs"] })
    .sync()
}
