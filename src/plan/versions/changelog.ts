// CHANGELOG.md in the form of https://keepachangelog.com: a section for each date, and one for what has none yet.

const head = `# Changelog

What changed in the versions that are built, the last change first. \`bump\` writes it; a version that was left stays listed in
versions.yaml, and \`bump --component=… --version=…\` goes back to it.
`

/** Puts changes into the section of this date, or of what is unreleased. Without changes nothing is written. */
export function withChanges(text: string | undefined, changes: string[], date?: string): string {
  const before = (text ?? head).trimEnd()
  if (changes.length === 0) return text ?? `${before}\n`
  const title = `## ${date ?? "[Unreleased]"}`
  const items = changes.map((change) => `- ${change}\n`).join("")
  const lines = before.split("\n")
  const section = lines.indexOf(title)
  const start = `${title}\n\n### Changed\n\n`
  if (section >= 0 && lines.slice(section + 1, section + 4).join("\n") === "\n### Changed\n") {
    return `${[...lines.slice(0, section + 4)].join("\n")}\n${items}${lines.slice(section + 4).join("\n")}\n`
  }
  const first = lines.findIndex((line) => line.startsWith("## "))
  if (first < 0) return `${before}\n\n${start}${items}`
  return `${lines.slice(0, first).join("\n")}\n${start}${items}\n${lines.slice(first).join("\n")}\n`
}

export function checkDate(date: string): void {
  const time = /^\d{4}-\d\d-\d\d$/.test(date) ? new Date(`${date}T00:00:00Z`) : undefined
  if (time === undefined || Number.isNaN(time.getTime()) || time.toISOString().slice(0, 10) !== date) {
    throw new Error(`--date "${date}": expected a day such as 2025-01-31`)
  }
}
