// Sources of the caller's own: a checkout, a git repository that may be private, changes on top of either or of what is pinned.

import { dirname } from "node:path/posix"
import { type Directory, dag, type File, ReturnType } from "@dagger.io/dagger"
import { ownText } from "../../catalogue/ownFiles.js"
import type { SourceEntry } from "../../catalogue/types.js"
import { branchOf, checkedOut, customVersion, gitProblem } from "../../plan/build/customSource.js"
import { patchProblem } from "../../plan/build/patches.js"
import { toolchainOf, toolchains } from "../../plan/toolchains/toolchains.js"
import { tailOf } from "../call/failures.js"
import type { GitSource, Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { type FoundSource, unknownTime } from "./foundSource.js"
import { treeDigest } from "./treeDigest.js"

export async function fromCheckout(settings: Settings, entry: SourceEntry, checkout: Directory, path?: string): Promise<FoundSource> {
  // A commit alone changes nothing that is built, so it must not reach the build.
  const root = checkout.filter({ exclude: ["**/.git"] })
  const { directory, within } = await folderOf(entry, root, path)
  const version = await textOf(directory, entry.versionFile)
  const head = await textOf(checkout, ".git/HEAD")
  const branch = branchOf(head)
  const [loose, packed] = await Promise.all([branch && textOf(checkout, `.git/${branch}`), branch && textOf(checkout, ".git/packed-refs")])
  // By its content, because a commit says nothing about edits: an edited checkout must not take the tag of a release.
  const content = await contentOf(settings, root)
  return {
    directory,
    within,
    facts: {
      version: customVersion(version ?? "checkout", `checkout.${content.slice(0, 8)}`),
      revision: checkedOut(head, loose, packed),
      created: unknownTime,
    },
    origin: `checkout ${version ?? ""}`.trim(),
  }
}

export async function fromGit(settings: Settings, entry: SourceEntry, source: GitSource, path?: string): Promise<FoundSource> {
  // A workflow's secret that is not set arrives as an empty one.
  const token = source.token !== undefined && (await source.token.plaintext()).trim() !== "" ? source.token : undefined
  const repository = dag.git(source.url, {
    httpAuthUsername: token && source.username,
    httpAuthToken: token,
    sshAuthSocket: source.ssh,
    sshKnownHosts: source.knownHosts,
    experimentalServiceHost: source.service,
  })
  const ref = repository.ref(source.ref)
  try {
    const revision = await ref.commit()
    const { directory, within } = await folderOf(entry, ref.tree({ discardGitDir: true }), path)
    const created = await commitTime(settings, ref.tree({ depth: 1 }))
    const version = customVersion((await textOf(directory, entry.versionFile)) ?? source.ref, `g${revision.slice(0, 7)}`)
    return { directory, within, facts: { version, revision, created }, origin: `git ${source.ref}` }
  } catch (error) {
    if (error instanceof MissingFolder) throw error
    throw gitProblem(source.url, source.ref, tailOf(error, 4))
  }
}

class MissingFolder extends Error {}

/** The folder of a repository that has the source's manifest. */
async function folderOf(entry: SourceEntry, root: Directory, path?: string): Promise<Pick<FoundSource, "directory" | "within">> {
  if (path === undefined) return { directory: root }
  const { manifest } = toolchainOf(entry)
  const found = await root.glob(`${path}/${manifest}`)
  if (found.length === 0) {
    const others = (await root.glob(`**/${manifest}`)).map((file) => dirname(file)).slice(0, 5)
    throw new MissingFolder(`--source-path: the source has no ${path}/${manifest}; it has one in: ${others.join(", ") || "no folder"}`)
  }
  return { directory: root.directory(path), within: { root, path } }
}

/** The manifests of all toolchains that a folder has, by their names: before it is known which source it stands for. */
export async function manifestsOf(root: Directory, path = "."): Promise<Record<string, string>> {
  const names = Object.values(toolchains).map(({ manifest }) => manifest)
  const texts = await Promise.all(
    names.map((name) =>
      root
        .file(`${path}/${name}`)
        .contents()
        .catch(() => undefined),
    ),
  )
  return Object.fromEntries(names.flatMap((name, index) => (texts[index] === undefined ? [] : [[name, texts[index]]])))
}

async function commitTime(settings: Settings, checkout: Directory): Promise<string> {
  const log = (await toolbox(settings, [], ["git"]))
    .withMountedDirectory("/source", checkout)
    .withEnvVariable("TZ", "UTC")
    .withExec(["git", "-c", "safe.directory=*", "-C", "/source", "log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd"])
  return (await log.stdout()).trim()
}

/** First the patches, in the order of their names, then the files: both as a diff against upstream would read. */
export async function overlaid(settings: Settings, found: FoundSource, overlay: Directory): Promise<FoundSource> {
  const names = await overlay.glob("patches/*.patch")
  let directory = found.directory
  for (const name of names.sort()) {
    try {
      directory = await directory.withPatchFile(overlay.file(name)).sync()
    } catch {
      const patch = overlay.file(name)
      throw patchProblem(name, found.origin, await patch.contents(), await patchRefusal(settings, directory, patch))
    }
  }
  directory = directory.withDirectory(".", overlay, { exclude: ["patches", ".git"] })
  const digest = await contentOf(settings, overlay.withoutDirectory(".git"))
  const { facts } = found
  const { within } = found
  return {
    directory,
    // The overlay is for the folder of the manifest.
    within: within && { ...within, root: within.root.withoutDirectory(within.path).withDirectory(within.path, directory) },
    facts: { ...facts, version: customVersion(facts.version, `custom.${digest.slice(0, 8)}`) },
    origin: `${found.origin} with an overlay`,
  }
}

/**
 * Modes as git keeps them, may be run or may not, without what a machine's umask or its folders' bits add: they reach images, and
 * digests leave them out.
 */
export async function canonical(settings: Settings, directory: Directory): Promise<Directory> {
  const container = (await toolbox(settings, [])).withDirectory("/source", directory).withWorkdir("/source")
  return container
    .withExec(["sh", "-c", ownText("shell/plain-modes.sh")])
    .directory("/source")
    .sync()
}

/** The engine has git's words in its log alone. */
async function patchRefusal(settings: Settings, directory: Directory, patch: File): Promise<string> {
  const container = (await toolbox(settings, [], ["git"]))
    .withMountedDirectory("/source", directory)
    .withMountedFile("/patch", patch)
    .withWorkdir("/source")
  return container.withExec(["git", "apply", "--check", "/patch"], { expect: ReturnType.Any }).stderr()
}

async function contentOf(settings: Settings, directory: Directory): Promise<string> {
  return treeDigest(await toolbox(settings, []), directory)
}

async function textOf(directory: Directory, file?: string): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return (await directory.file(file).contents()).trim() || undefined
  } catch {
    return undefined
  }
}
