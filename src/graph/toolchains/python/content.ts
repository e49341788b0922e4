// Modules of a Python source, with the wheels that they import beside them. These are installed before the source is there.

import { CacheSharingMode, type Container, type Directory, dag } from "@dagger.io/dagger"
import { Problem } from "../../../base/problem.js"
import type { ContentEntry } from "../../../catalogue/types.js"
import { cacheName } from "../../../plan/build/caches.js"
import {
  checkSuffix,
  compileCheck,
  packagesFolder,
  pipDownload,
  pipInstall,
  pipRefusal,
  suffixQuestion,
  tidyScript,
  wheelsFolder,
} from "../../../plan/toolchains/python/pip.js"
import { checkFiles, checkLock, lockFile } from "../../../plan/toolchains/python/requirements.js"
import { checkAllowed } from "../../../plan/toolchains/python/version.js"
import { byContent, type FoundSource } from "../../build/foundSource.js"
import { tailOf } from "../../call/failures.js"
import type { Settings } from "../../call/settings.js"
import type { PreparedToolchain } from "../toolchain.js"

/** What is made here and is no part of the source. */
const made = ["**/__pycache__", "**/.venv", "**/.git"]

/** The modules below the folder `from`, and the folder site-packages with what the lock file names. */
export async function pythonContent(
  settings: Settings,
  toolchain: PreparedToolchain,
  source: FoundSource,
  { from }: ContentEntry,
): Promise<Directory> {
  await checkSource(toolchain, source)
  if (!(await source.directory.exists(from)))
    throw new Problem(`${source.origin} has no folder ${from}`, "correct content.from in stack.yaml")
  try {
    const checked = await (await withSource(settings, toolchain, source)).withExec([...compileCheck, from]).sync()
    return await dag
      .directory()
      .withDirectory(".", source.directory.directory(from), { exclude: made })
      .withDirectory(packagesFolder, checked.directory(`/${packagesFolder}`))
      .sync()
  } catch (error) {
    throw refused(source, error)
  }
}

function refused(source: FoundSource, error: unknown): Error {
  // pip says what is wrong in lines that the last one only sums up.
  return new Error(`${source.origin} cannot be built: ${pipRefusal(tailOf(error, 500)) ?? tailOf(error)}`)
}

/** The source with its wheels, where its modules can be imported and its tests run. */
export async function withSource(settings: Settings, toolchain: PreparedToolchain, source: FoundSource): Promise<Container> {
  return (await installed(settings, toolchain, source)).withDirectory("/src", source.directory, { exclude: made })
}

/** By the lock file alone: an edit of the source fetches and installs nothing again. */
async function installed(settings: Settings, { container }: PreparedToolchain, source: FoundSource): Promise<Container> {
  const ready = (await withLock(container, source)).withEnvVariable("PYTHONPATH", `/${packagesFolder}`)
  if (settings.bundle) {
    return ready
      .withMountedDirectory(wheelsFolder, settings.bundle.directory.directory("pypi"))
      .withExec([...pipInstall, "--no-index", "--find-links", wheelsFolder])
      .withExec(["sh", "-euc", tidyScript])
      .withoutMount(wheelsFolder)
  }
  const trust = settings.custom === undefined ? undefined : "custom"
  // Wheels in it are compared with the lock file's checksums.
  const name = cacheName("openim-pip", { bundle: false, trust })
  return ready
    .withMountedCache("/root/.cache/pip", dag.cacheVolume(name), { sharing: CacheSharingMode.Shared })
    .withExec(pipInstall)
    .withExec(["sh", "-euc", tidyScript])
}

async function withLock(container: Container, { directory }: FoundSource): Promise<Container> {
  checkFiles(await directory.entries())
  return container.withDirectory("/src", await byContent(directory.filter({ include: [lockFile] }))).withWorkdir("/src")
}

async function checkSource({ version }: PreparedToolchain, { directory }: FoundSource): Promise<void> {
  const [files, manifest] = await Promise.all([directory.entries(), directory.file("pyproject.toml").contents()])
  checkFiles(files)
  checkLock(manifest, await directory.file(lockFile).contents())
  checkAllowed(manifest, version)
}

/** The wheels that a lock file names, as files. */
export async function pythonWheels(toolchain: PreparedToolchain, source: FoundSource): Promise<Directory> {
  await checkSource(toolchain, source)
  try {
    const fetched = (await withLock(toolchain.container, source)).withExec([...pipDownload, "--no-cache-dir", "--dest", "/fetched/pypi"])
    return await dag.directory().withDirectory("pypi", fetched.directory("/fetched/pypi")).sync()
  } catch (error) {
    throw refused(source, error)
  }
}

/** Wheels of compiled code are for one Python and one C library; those of Python alone are for all. */
export async function checkWheels(toolchain: PreparedToolchain, files: Directory, server: Container): Promise<void> {
  const compiled = await files.glob(`${packagesFolder}/**/*.so`)
  if (compiled.length === 0) return
  const suffix = (container: Container) => container.withExec(["python3", "-c", suffixQuestion]).stdout()
  const [made, used] = await Promise.all([suffix(toolchain.container), suffix(server)])
  checkSuffix(compiled, made.trim(), used.trim())
}
