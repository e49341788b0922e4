// compose/env.template: which image of which version each component runs from.

import type { Catalogue, ComponentEntry } from "../catalogue/types.js"
import { pinnedVersion } from "./report.js"

const head = `# The images and their versions. \`bump\` keeps the lines NAME_IMAGE=… as stacks/ has them; the rest of this file is yours.
# Copy it to .env and change there what your site needs.
`

/** Sets the variables of all components; lines that stand in the file already keep their place. */
export function envTemplate(catalogue: Catalogue, text: string = head): string {
  const lines = text.trimEnd().split("\n")
  for (const component of Object.values(catalogue.components)) {
    const name = imageVariable(component)
    const line = `${name}=${imageOf(catalogue, component)}`
    const place = lines.findIndex((old) => old.startsWith(`${name}=`))
    if (place >= 0) lines[place] = line
    else lines.push("", `# ${component.purpose}${component.registry === undefined ? ". Put your registry before it" : ""}`, line)
  }
  return `${lines.join("\n")}\n`
}

/** Named as upstream's own compose files do: openim/openim-web-front is OPENIM_WEB_FRONT_IMAGE. */
function imageVariable({ image }: ComponentEntry): string {
  const name = image.slice(image.lastIndexOf("/") + 1)
  return `${name.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_IMAGE`
}

function imageOf(catalogue: Catalogue, component: ComponentEntry): string {
  const name = component.registry === undefined ? component.image : `${component.registry}/${component.image}`
  const image = `${name}:${pinnedVersion(catalogue, component)}`
  const digest = component.kind === "reference" ? catalogue.pins.digests[image] : undefined
  return digest === undefined ? image : `${image}@${digest}`
}
