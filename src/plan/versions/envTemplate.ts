// compose/env.template: which image of which version each component runs from.

import type { Catalogue, ComponentEntry } from "../../catalogue/types.js"
import { publishedAs } from "../publish/publishedAs.js"

const head = `# The images and their versions. \`bump\` keeps the lines NAME_IMAGE=… as stacks/ has them; the rest of this file is yours.
# Copy it to .env and change there what your site needs. A line that starts with # names an image that no schedule publishes, or whose
# tag is not known before it is built: remove the # and replace the words in capitals.
`

/** Sets the variables of all components; lines that stand in the file already keep their place. */
export function envTemplate(catalogue: Catalogue, text: string = head): string {
  const lines = text.trimEnd().split("\n")
  for (const component of Object.values(catalogue.components)) {
    const name = imageVariable(component)
    const place = lines.findIndex((old) => old.startsWith(`${name}=`) || old.startsWith(`# ${name}=`))
    const entry = entryOf(catalogue, component, name)
    if (entry === undefined) remove(lines, place, component)
    else if (place < 0) lines.push("", ...entry)
    else if (lines[place - 1]?.startsWith(purposeLine(component))) lines.splice(place - 1, 2, ...entry)
    else lines[place] = entry[1]
  }
  return `${lines.join("\n")}\n`
}

/** The comment and the variable. Programs that a group's image holds have none where they are published on demand only. */
function entryOf(catalogue: Catalogue, component: ComponentEntry, name: string): [string, string] | undefined {
  const published = publishedAs(catalogue, component)
  if (published.onDemand && inGroup(catalogue, component)) return undefined
  const purpose = purposeLine(component)
  if (!published.onDemand && "reference" in published) return [purpose, `${name}=${published.reference}`]
  const demand = published.onDemand ? `. Published only on demand: release --components=${component.name}` : ""
  const [form, reason] = "reference" in published ? [published.reference, ""] : [published.form, `. ${published.reason}`]
  return [`${purpose}${demand}${reason}`, `# ${name}=${form}`]
}

function inGroup({ components }: Catalogue, { name }: ComponentEntry): boolean {
  return Object.values(components).some((other) => other.kind === "group" && other.stages.flat().includes(name))
}

function purposeLine({ purpose }: ComponentEntry): string {
  return `# ${purpose}`
}

/** With the comment and the empty line before it, where they are as they were written. */
function remove(lines: string[], place: number, component: ComponentEntry): void {
  if (place < 0) return
  const commented = lines[place - 1]?.startsWith(purposeLine(component)) ?? false
  const first = commented ? place - 1 : place
  const start = lines[first - 1] === "" ? first - 1 : first
  lines.splice(start, place - start + 1)
}

/** Named as upstream's own compose files do: openim/openim-web-front is OPENIM_WEB_FRONT_IMAGE. */
export function imageVariable({ image }: Pick<ComponentEntry, "image">): string {
  const name = image.slice(image.lastIndexOf("/") + 1)
  return `${name.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_IMAGE`
}
