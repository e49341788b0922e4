// env.template: the settings of a new installation.

import type { Deployment, Setting } from "./model.js"

/** The file's name in the kit. */
export const templateFile = "env.template"

const head = (
  title: string,
) => `# The settings of ${title} on this machine. ./openimctl deploy makes .env from this file and fills in the secrets and the address.
# By hand: cp env.template .env && chmod 600 .env, and fill in what is empty. A value with other characters than A-Z a-z 0-9 _ . : / @ , + -
# needs single quotes. A line that begins with # shows the default: remove the # to change it.
`

export function templateText({ title, settings }: Deployment, groups: Record<string, string>): string {
  const parts = Object.entries(groups).flatMap(([group, heading]) => {
    const own = settings.filter((setting) => setting.group === group)
    return own.length === 0 ? [] : [`# ==== ${heading} ====`, ...own.map(entryText)]
  })
  return `${[head(title).trimEnd(), ...parts].join("\n\n")}\n`
}

function entryText(setting: Setting): string {
  return `# ${comment(setting)}\n${lineText(setting)}`
}

function comment({ purpose, choices, optional, generate, kind, expected }: Setting): string {
  const rest = [
    ...(choices === undefined ? [] : [`One of ${choices.join(", ")}`]),
    ...(generate === undefined ? [] : ["Made at the first use"]),
    ...(optional ? ["May stay empty"] : []),
    ...(kind === "image" && expected !== undefined ? [`Fill it in: ${expected}`] : []),
  ]
  return [purpose, ...rest].join(". ")
}

/** What follows a newer kit is commented out: images and limits. */
function lineText({ name, group, default: given }: Setting): string {
  if (given === undefined) return `${name}=`
  return `${["images", "limits"].includes(group) ? "# " : ""}${name}=${quoted(given)}`
}

/** A value as .env needs it; a default may name other settings. */
export function quoted(value: string): string {
  return /^([A-Za-z0-9_.:/@,+-]|\$\{[A-Z][A-Z0-9_]*\})*$/.test(value) ? value : `'${value}'`
}
