// The caller's own source: which one it stands for, what its images are called, what a failure means.

import { unknownName } from "../../base/nearest.js"
import { Problem } from "../../base/problem.js"
import { sourceEntry } from "../../catalogue/lookup.js"
import type { Catalogue, SourceEntry } from "../../catalogue/types.js"
import { toolchainOf } from "../toolchains/toolchains.js"
import { componentOf, sourceOf } from "./components.js"

/** The version of what is not upstream's as it is, such as v1.8.4-custom.1a2b3c4d: it differs from upstream's, and can be a tag. */
export function customVersion(version: string, suffix: string): string {
  return `${version.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, 80)}-${suffix}`
}

const commit = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/

/** The branch of a .git/HEAD, if it names one. */
export function branchOf(head?: string): string | undefined {
  return /^ref:\s*(refs\/\S+)$/.exec(head ?? "")?.[1]
}

/**
 * The commit of a checkout: from .git/HEAD, the branch's own file, or .git/packed-refs. Undefined where it cannot be known: a
 * worktree's or a submodule's .git is elsewhere, other repositories keep their branches in another form.
 */
export function checkedOut(head?: string, loose?: string, packed?: string): string | undefined {
  const branch = branchOf(head)
  const line = branch === undefined ? undefined : packed?.split("\n").find((one) => one.trim().split(/\s+/)[1] === branch)
  const found = branch === undefined ? head : (loose ?? line?.split(/\s+/)[0])
  return found !== undefined && commit.test(found) ? found : undefined
}

/** A password, or a token in the place of a user; SSH has nothing but users there. */
export function holdsSecret(url: string): boolean {
  return /^(https?|git):\/\/[^/]*@/.test(url) || /^ssh:\/\/[^/@]*:[^/@]*@/.test(url)
}

/** Addresses end in logs and labels, so none may hold a password; and who answers must be who is meant. */
export function checkGitAddress(url: string, { token, knownHosts }: { token?: boolean; knownHosts?: string } = {}): void {
  if (holdsSecret(url)) {
    throw new Problem("--git: the address holds a password", "leave it out and give --git-token=env://TOKEN (and --git-user)")
  }
  if (!/^((https?|ssh|git):\/\/[^\s]+|[A-Za-z0-9._-]+@[A-Za-z0-9._-]+:[^\s]+)$/.test(url)) {
    throw new Error(`--git "${url}": expected an address such as https://git.example.com/im/chat.git or git@git.example.com:im/chat.git`)
  }
  const server = sshServer(url)
  if (server !== undefined && !knownHosts?.trim()) {
    throw new Error(
      `--git ${url}: give the server's host key as --git-known-hosts, so that nobody else can answer in its place: ` +
        `${server.scan} > known_hosts prints it; compare it with what the server's owner publishes, then --git-known-hosts="$(cat known_hosts)"`,
    )
  }
  if (token && /^(http|git):/.test(url)) {
    throw new Problem(
      `--git-token would travel unencrypted to ${url}`,
      "give an address that begins with https://, or --git-ssh with an SSH address",
    )
  }
}

/** Where an SSH address leads, as the command that prints the keys there. */
function sshServer(url: string): { scan: string } | undefined {
  const [, host, port] = /^ssh:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)(?::(\d+))?/.exec(url) ?? []
  if (host !== undefined) return { scan: `ssh-keyscan ${port === undefined ? "" : `-p ${port} `}${host.replace(/[[\]]/g, "")}` }
  const [, short] = /^[A-Za-z0-9._-]+@([A-Za-z0-9._-]+):/.exec(url) ?? []
  return short === undefined ? undefined : { scan: `ssh-keyscan ${short}` }
}

/** Which of the options that give a source go together. */
export function checkSourceOptions({
  checkout,
  git,
  reading,
  path,
}: {
  checkout: boolean
  git: boolean
  reading: boolean
  path?: string
}): void {
  if (!git && reading)
    throw new Problem("--git-ref, --git-user, --git-token and --git-ssh say how --git is read", "give its address as --git")
  if (path !== undefined && !checkout && !git) throw new Problem("--source-path is a folder of --source or --git", "give one of them")
  if (checkout && git) throw new Error("give --source or --git, not both")
}

/** A folder below the top of a source, without dots and slashes around it; undefined for the top itself. */
export function sourcePath(given?: string): string | undefined {
  const parts = (given ?? "").split("/").filter((part) => part !== "" && part !== ".")
  if (parts.includes("..") || given?.startsWith("/") || /[*?[\]{}]/.test(given ?? "")) {
    throw new Error(`--source-path "${given}": expected a folder below the top of --source or --git, such as services/im`)
  }
  return parts.length === 0 ? undefined : parts.join("/")
}

export interface CustomHints {
  /** What the caller says. */
  given?: string
  /** The component that is asked for, when it is one. */
  component?: string
  /** The texts of the source's manifests by their names, as far as it has them. */
  manifests?: Record<string, string>
}

/** Which source of the stack a checkout, a repository or an overlay stands for. */
export function customSourceName(catalogue: Catalogue, { given, component, manifests = {} }: CustomHints): string {
  const names = Object.keys(catalogue.sources)
  if (given !== undefined) {
    if (!names.includes(given)) throw unknownName("source", given, names)
    return given
  }
  const known = names.find((name) => ownName(sourceEntry(catalogue, name), manifests) === sourceEntry(catalogue, name).module)
  const entry = component === undefined ? undefined : componentOf(catalogue, component)
  const asked = entry && sourceOf(entry)
  if (known !== undefined && asked !== undefined && known !== asked) {
    throw new Problem(
      `the given source is ${known} (module ${sourceEntry(catalogue, known).module}), but ${component} is built from ${asked}`,
      `give that one, or say --source-of=${asked}`,
    )
  }
  const found = known ?? asked ?? (names.length === 1 ? names[0] : undefined)
  if (found === undefined) throw new Problem("it is not known which source is given", `give --source-of=${names.join(" or --source-of=")}`)
  return found
}

function ownName(entry: SourceEntry, manifests: Record<string, string>): string | undefined {
  const { manifest, moduleOf } = toolchainOf(entry)
  return manifests[manifest] === undefined ? undefined : moduleOf(manifests[manifest])
}

/** Whether a later call with the same options may mean another source: a branch moves, a tag may. */
export function sourceMoves({ git, gitRef }: { git?: string; gitRef: string }): boolean {
  return Boolean(git) && !commit.test(gitRef)
}

/** Why a repository cannot be read, in words that lead on. */
export function gitProblem(url: string, ref: string, reason: string): Problem {
  const what = `the source cannot be read from ${url}`
  if (/authentic|could not read Username|Permission denied|HTTP Basic|\b40[13]\b|requires? auth/i.test(reason)) {
    return new Problem(
      `${what}: the server does not let this user read it`,
      "check --git-token (and --git-user), or --git-ssh and --git-known-hosts",
    )
  }
  if (/host key verification/i.test(reason))
    return new Problem(
      `${what}: its host key is not the one that --git-known-hosts gives`,
      "ask the server's owner which one it has now, and give that",
    )
  if (
    /couldn't find remote ref|not found: ref|no such ref|does not contain ref|unknown revision|does not have ref|failed to (find|resolve).*ref|ref.*not found/i.test(
      reason,
    )
  ) {
    if (/^[0-9a-f]{4,39}$/i.test(ref)) {
      return new Problem(
        `${what}: "${ref}" is neither a branch nor a tag, and a server finds a commit by all its 40 characters only`,
        `give them (git rev-parse ${ref})`,
      )
    }
    return new Problem(`${what}: it has no branch, tag or commit "${ref}"`, "check --git-ref")
  }
  if (/not found|does not appear to be a git repository/i.test(reason)) {
    return new Problem(`${what}: there is no such repository, or this user may not see it`, "check the address and --git-token")
  }
  // The engine keeps git's own words about SSH to its log.
  if (sshServer(url) !== undefined && /git error: exit status \d+/i.test(reason)) {
    return new Problem(
      what,
      `read git's own words in the log (--progress=plain). "Host key verification failed": --git-known-hosts does not have the key ` +
        'that the server has now. "Permission denied": no key in the agent of --git-ssh may read it (ssh-add -l lists them). Anything else: check the address',
    )
  }
  return new Problem(`${what}: ${reason.replace(/\s*\n\s*/g, " / ")}`, "check the address and the network")
}
