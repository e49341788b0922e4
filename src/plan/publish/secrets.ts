// What is said about secrets that a call cannot use. Never the secret itself.

import { Problem } from "../../base/problem.js"
export function missingSecret(option: string, reason: string): string {
  // Dagger shows the first letters of the name alone.
  const [, start, more = ""] = /env var not found: \W*(\w+)(\.\.\.|…)?/i.exec(reason) ?? []
  if (start !== undefined)
    return `--${option}: the environment variable ${start}${more && "…"} that it names is not set: set and export it, and call again`
  return `--${option}: the secret cannot be read: ${reason.replace(/^.*rpc error: code = \w+ desc = /, "")}`
}

export function emptySecret(option: string): string {
  return `--${option}: the secret is empty: nothing is built before it has a value`
}

/** A docker config.json that registries' users are read from. */
export function checkDockerConfig(text: string): void {
  const next = "give a file such as file://$HOME/.docker/config.json"
  let config: { auths?: unknown }
  try {
    config = JSON.parse(text)
  } catch {
    throw new Problem("--registry-config: not JSON, so nobody's user is in it", next)
  }
  const { auths } = config ?? {}
  if (typeof auths !== "object" || auths === null || Object.keys(auths).length === 0) {
    throw new Problem(
      "--registry-config: it has no users (the key auths is missing or empty), as where a credential helper keeps them",
      `${next}, or --registry-username and --registry-password`,
    )
  }
}
