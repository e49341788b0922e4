// Downloads with curl or wget where there is one (they know the host's proxies and certificates), else with Node itself.
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { withoutCredentials } from "../src/base/addresses"
import { lastWords } from "../src/base/lastWords"
import { Problem } from "../src/base/problem"
import { remove, temporary } from "./cache"
import { bytes } from "./output"
import type { Note } from "./progress"
import { attempt, which } from "./run"

/** Long enough for a slow network, short enough not to be mistaken for a hang where there is none. */
const CONNECT_SECONDS = 5

export async function download(url: string, target: string, note: Note = () => {}): Promise<void> {
  const work = temporary("download")
  const timer = setInterval(() => note(bytes(statSync(target, { throwIfNoEntry: false })?.size ?? 0)), 1000)
  try {
    if (await which("curl")) {
      const stalled = ["--speed-limit", "1000", "--speed-time", "30"]
      await fetchWith(
        [
          "curl",
          ...secure(url),
          "-fsSL",
          "--connect-timeout",
          `${CONNECT_SECONDS}`,
          ...stalled,
          "--retry",
          "2",
          "-o",
          target,
          ...named(url, work, "curl"),
        ],
        url,
      )
    } else if (await which("wget")) {
      await fetchWith(["wget", "-q", "-T", `${CONNECT_SECONDS}`, "-t", "2", "-O", target, ...named(url, work, "wget")], url)
    } else {
      const response = await fetch(url, { signal: AbortSignal.timeout(600_000) }).catch((error: Error & { cause?: unknown }) => {
        throw new Problem(`${url}: ${String(error.cause ?? error.message)}`)
      })
      if (secure(url).length > 0 && !response.url.startsWith("https:"))
        throw new Problem(`${url}: it leads to ${response.url}, which is not encrypted`)
      if (!response.ok) throw new Problem(`${url}: HTTP status ${response.status}`)
      writeFileSync(target, Buffer.from(await response.arrayBuffer()))
    }
  } finally {
    clearInterval(timer)
    await remove(work)
  }
}

/** The address for a tool: by a file where it holds a password, for everybody may read a command line. */
export function named(url: string, folder: string, tool: "curl" | "wget"): string[] {
  if (withoutCredentials(url) === url) return [url]
  const file = join(folder, "address")
  writeFileSync(file, tool === "curl" ? `url = "${url.replace(/["\\]/g, "\\$&")}"\n` : `${url}\n`, { mode: 0o600 })
  return [tool === "curl" ? "-K" : "-i", file]
}

/** Options with which curl does not let itself be led from https to something else. */
export const secure = (url: string): string[] => (url.startsWith("https:") ? ["--proto", "=https", "--proto-redir", "=https"] : [])

async function fetchWith(command: string[], url: string): Promise<void> {
  const done = await attempt(command)
  if (done.code !== 0) throw new Problem(`${url}: ${lastWords(done.tail.replace(/^curl: /gm, ""), 1)}`)
}

export async function readText(url: string): Promise<string> {
  const folder = temporary("download")
  const file = join(folder, "text")
  try {
    await download(url, file)
    return readFileSync(file, "utf8")
  } finally {
    await remove(folder)
  }
}
