// The plan of an image's start, which the helper launch reads.

import { sourceEntry } from "../../catalogue/lookup.js"
import type { BuiltEntry, Catalogue } from "../../catalogue/types.js"
import { programsOf } from "./components.js"
import { binFolder, supervisorFolder } from "./image.js"

/** One of this project's own programs. */
export const launchHelper = "launch"

/** The fields are those of its type plan. */
export function launchPlan(catalogue: Catalogue, component: BuiltEntry) {
  const { image } = sourceEntry(catalogue, component.source)
  const programs = programsOf(catalogue, component)
  const used = new Set(programs.flatMap(({ stores }) => stores))
  return {
    command: component.kind === "group" ? [`${binFolder}/pebble`, "run", "--verbose"] : [`${image.programs}/${component.program}`],
    config: image.config,
    secrets: Object.entries(image.start.secrets).map(([variable, known]) => ({ variable, known })),
    allow: image.start.allowSecrets ?? "",
    addresses: programs.flatMap(({ address }) => (address === undefined ? [] : [address])),
    stores: Object.entries(image.start.stores)
      .filter(([name]) => used.has(name))
      .map(([name, { variables, port, when }]) => ({ name, variables, port: port === undefined ? "" : String(port), when })),
    ...(component.kind === "group" ? { supervisor: supervision(catalogue, component) } : {}),
  }
}

function supervision(catalogue: Catalogue, component: BuiltEntry) {
  const { checkPeriod, downChecks, giveUpSeconds, provenSeconds } = catalogue.supervisor
  const limit = giveUpSeconds ?? Math.ceil(seconds(checkPeriod) * downChecks)
  return {
    socket: `${supervisorFolder}/.pebble.socket`,
    programs: programsOf(catalogue, component).map(({ program, probe }) => ({ name: program, port: probe ?? 0 })),
    provenSeconds: provenSeconds ?? limit,
    giveUpSeconds: limit,
  }
}

const units = { ms: 0.001, s: 1, m: 60 }

/** A time as stack.yaml has it, such as 500ms, 10s or 2m. */
function seconds(text: string): number {
  const [, count = "0", unit = "s"] = text.match(/^(\d+)(ms|s|m)$/) ?? []
  return Number(count) * units[unit as keyof typeof units]
}

export function launchText(catalogue: Catalogue, component: BuiltEntry): string {
  return `${JSON.stringify(launchPlan(catalogue, component), null, 2)}\n`
}
