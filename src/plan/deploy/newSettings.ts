// Secrets that a newer kit has and .env does not have yet.

import { envText, parseEnv, withKey } from "./envFile.js"
import type { Deployment } from "./model.js"

/** The text of .env with a value for each of them, and their names. Other new settings have defaults. */
export function withNewSecrets(
  before: Deployment,
  next: Deployment,
  text: string,
  generate: (count: number) => string,
): { text: string; names: string[] } {
  const file = parseEnv(text)
  const known = new Set([...before.settings.map(({ name }) => name), ...file.entries.map(({ key }) => key)])
  const environment = file.entries.find(({ key }) => key === "ENVIRONMENT")?.text ?? ""
  const added = next.settings.filter(
    ({ name, generate, earlier }) => generate !== undefined && !known.has(name) && !earlier.some((other) => known.has(other)),
  )
  if (added.length === 0) return { text, names: [] }
  const lines = added.reduce(
    (all, { name, generate: count, environments }) => withKey(all, name, environments[environment] ?? generate(count ?? 0)),
    text.replace(/\n+$/, "").split(/\r?\n/),
  )
  return { text: envText(lines), names: added.map(({ name }) => name) }
}
