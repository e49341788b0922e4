// How errors are printed: one sentence, the details that matter, the next step. No stack trace.
import { withoutCredentials } from "../src/base/addresses"
import { messageOf } from "../src/base/errors"
import { Problem, whatOf } from "../src/base/problem"

/** Stopped by a signal: the exit code follows the shell's rule. */
export class Stopped extends Error {
  constructor(readonly exitCode: number) {
    super("stopped")
    this.name = "Stopped"
  }
}

interface Known {
  pattern: RegExp
  message: string
  next: string
}

// Causes that hide in a tool's output. The first hit wins, so the more exact ones come first.
const KNOWN: Known[] = [
  {
    pattern: /ENOSPC|EDQUOT|no space left on device|disk quota exceeded|Failure writing output to destination/i,
    message: "the disk is full",
    next: "free some space (./daggerw engine prune removes old artefacts), or set OPENIM_CACHE to a folder on a larger disk; then run the same command again",
  },
  {
    pattern: /EROFS|read-only file system/i,
    message: "the cache folder is on a read-only file system",
    next: "set OPENIM_CACHE to a folder you may write to",
  },
  {
    pattern: /EACCES|EPERM.*mkdir|permission denied.*mkdir/i,
    message: "the cache folder may not be written to",
    next: "set OPENIM_CACHE to a folder you may write to",
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|could not resolve|temporary failure (in name resolution|resolving)|no such host|network is unreachable|ECONNREFUSED|connection refused|ETIMEDOUT|connection timed out|i\/o timeout|server misbehaving/i,
    message: "the network could not be reached",
    next: "check the connection; behind a proxy or mirror set HTTPS_PROXY, GOPROXY, npm_config_registry or OPENIM_DEBIAN_MIRROR (./daggerw engine help lists all), then run the same command again: finished downloads are kept",
  },
  {
    pattern: /x509|certificate (verify|signed by unknown)|self.signed certificate|UNABLE_TO_VERIFY|SSL certificate problem/i,
    message: "a server's certificate is not trusted",
    next: "set OPENIM_CA_BUNDLE (and SSL_CERT_FILE) to a PEM file with your organisation's certificates",
  },
]

/** What an output says about its cause, when it is one that is known. */
export function knownCause(output: string): Known | undefined {
  return KNOWN.find((known) => known.pattern.test(output))
}

/** One line of text for any error. */
export function sentence(error: unknown): string {
  if (error instanceof Problem) return error.what
  const text = messageOf(error)
  return (text.split("\n").find((line) => line.trim()) ?? "unknown error").trim()
}

/** The error as the user sees it: message and next step, each on its own line. */
export function explain(error: unknown): string {
  const known = knownCause(messageOf(error))
  const next = (error instanceof Problem ? error.next : undefined) ?? known?.next
  const raw = whatOf(error)
  const message = !(error instanceof Problem) && known ? `${known.message} (${sentence(error)})` : raw
  return withoutCredentials(`daggerw: error: ${message}${next ? `\ndaggerw: next: ${next}` : ""}`)
}
