// What git and registries print about versions, and how a caller names another upstream.

import { unknownName } from "../../base/nearest.js"
import { Problem } from "../../base/problem.js"
import { holdsSecret } from "../build/customSource.js"
import type { Watched } from "./watch.js"

/** The output of `git ls-remote --tags`: an annotated tag is followed by its commit as TAG^{}. */
export function readRemoteTags(output: string): Map<string, string> {
  const tags = new Map<string, string>()
  for (const [, commit = "", tag = ""] of output.matchAll(/^([0-9a-f]{40})\trefs\/tags\/(.+)$/gm)) {
    if (tag.endsWith("^{}") || !tags.has(tag)) tags.set(tag.replace(/\^\{\}$/, ""), commit)
  }
  return tags
}

/** Archives are named by the number alone; the repository's tags have a letter before it: r7.0.30, v7.0.30. */
export function withoutLetter(tags: Map<string, string>): Map<string, undefined> {
  return new Map([...tags.keys()].map((tag) => [tag.replace(/^[a-z](?=\d)/, ""), undefined]))
}

/** What stands beside an archive under its name with .sha256: the checksum, mostly with the name behind it. */
export function readChecksum(output: string): string {
  const [, sum] = /^([0-9a-f]{64})(\s|$)/.exec(output) ?? []
  if (sum === undefined) throw new Error("no checksum in the answer")
  return sum
}

/** One tag a line, as `regctl tag ls` prints them. */
export function readTagList(output: string): Map<string, string | undefined> {
  return new Map(
    output
      .split("\n")
      .filter((tag) => tag !== "")
      .map((tag) => [tag, undefined]),
  )
}

const gitAddress = /^(https?|ssh|git):\/\/[^\s]+$|^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s]+$/
const imageAddress = /^[a-z0-9.-]+(:\d+)?\/[a-z0-9._/-]+$/

/** Addresses as a caller writes them: NAME=ADDRESS. */
export function readUpstreams(given: string[], watched: Watched[]): Record<string, string> {
  const pairs = given.map((text) => {
    const [, name, address = ""] = /^([^=]+)=(.*)$/.exec(text) ?? []
    if (name === undefined) {
      throw new Error(`--upstreams "${text}": expected NAME=ADDRESS, such as server=https://gitee.com/openimsdk/open-im-server`)
    }
    if (holdsSecret(address)) throw new Problem(`--upstreams: the address of ${name} holds a password`, "use one without")
    const found = watched.find((entry) => entry.name === name)
    if (found === undefined)
      throw unknownName(
        "component in --upstreams",
        name,
        watched.map((entry) => entry.name),
      )
    const [pattern, expected] =
      found.kind === "reference"
        ? [imageAddress, "an image without its tag, such as registry.example/openim/openim-web-front"]
        : [gitAddress, "the address of a git repository"]
    if (!pattern.test(address)) throw new Error(`--upstreams "${text}": expected ${expected} after ${name}=`)
    return [name, address]
  })
  return Object.fromEntries(pairs)
}
