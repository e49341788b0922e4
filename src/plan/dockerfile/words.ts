// Instructions of a Dockerfile, as both BuildKit and the builders before it, buildah and podman read them.

import { shellWord } from "../../base/shellWords.js"
/** One shell command over several lines, joined as the Dockerfile's shell sees them. */
export function run(...commands: string[]): string {
  return `RUN ${commands.join(" && \\\n    ")}`
}

/**
 * Prints a text, a line at a time. Not with a heredoc, which only newer builders know; not with COPY, so that one file is
 * the whole recipe.
 */
export function printed(text: string): string {
  const lines = text.replace(/\n$/, "").split("\n")
  return ["printf '%s\\n'", ...lines.map(readableWord)].join(" \\\n      ")
}

/** A text with single quotes is easier to read in double ones. */
function readableWord(text: string): string {
  return text.includes("'") && !/["$`\\!]/.test(text) ? `"${text}"` : shellWord(text)
}

/** ENV or LABEL, one name a line; the Dockerfile's own variables are not meant in any value. */
export function assigned(instruction: "ENV" | "LABEL", values: Record<string, string>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${value.replace(/["\\$]/g, "\\$&")}"`)
  return `${instruction} ${pairs.join(" \\\n    ")}`
}

/** A comment of several lines; empty ones stay comments. */
export function comment(...lines: string[]): string {
  return lines.map((line) => `# ${line}`.trimEnd()).join("\n")
}
