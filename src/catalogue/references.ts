// Names in the catalogue that point to other entries. They are checked in what the files say, whatever else is wrong there, so that
// a user reads of all faults at once.

import type { Path } from "./document.js"
import { type Fault, hintFor, isMapping } from "./faults.js"

/** The key of an installation for all other distributions. */
export const anyDistribution = "any"

/** Names that stack.yaml gives and uses; kinds are the keys that say what kind a component is of. */
export function stackReferences(stack: unknown, kinds: string[]): Fault[] {
  const components = entries(at(stack, ["components"]))
  const services = names(at(stack, ["services"]))
  // One without any of these keys may be of each kind: its fault is reported where it stands.
  const ofKind = (kind: string) =>
    components.filter(([, entry]) => !kinds.some((other) => other !== kind && has(entry, other))).map(([name]) => name)
  const installed = ofKind("install")
  const ofServices = services.flatMap((name) =>
    [["component"], ["published", "component"]].flatMap((key) =>
      unknownAt(stack, ["services", name, ...key], "the name of a component that is installed", installed),
    ),
  )
  return [
    ...components.flatMap(([name, component]) => [
      ...sourceFaults(stack, name, component, ofKind("program")),
      ...needsFaults(stack, name, component, [...services, ...ofKind("stages")]),
      ...distributionFaults(stack, name, component),
    ]),
    ...ofServices,
    ...unknownAt(stack, ["front", "service"], "the name of a service", services),
  ]
}

/** A component's source, and what must be of the same source. */
function sourceFaults(stack: unknown, name: string, component: unknown, programs: string[]): Fault[] {
  const path = ["components", name]
  const sources = names(at(stack, ["sources"]))
  const source = at(component, ["source"])
  const stages = indexes(at(component, ["stages"])).map((stage) => [...path, "stages", stage])
  const members = stages.flatMap((stage) => indexes(at(stack, stage)).map((index) => [...stage, index]))
  const faults = [
    ...unknownAt(stack, [...path, "source"], "the name of a source", sources),
    ...unknownAt(stack, [...path, "content", "source"], "the name of a source", sources),
    ...members.flatMap((member) => unknownAt(stack, member, "the name of a component that has a program", programs)),
  ]
  // Of a source that is unknown nothing follows.
  if (typeof source !== "string" || !sources.includes(source)) return faults
  const stores = names(at(stack, ["sources", source, "image", "start", "stores"]))
  for (const index of indexes(at(component, ["stores"])))
    faults.push(...unknownAt(stack, [...path, "stores", index], `a store of source ${source}`, stores))
  for (const member of members) {
    const other = at(stack, ["components", String(at(stack, member)), "source"])
    if (other === source || typeof other !== "string" || !sources.includes(other)) continue
    faults.push({ path: member, at: "value", expected: `a component of source ${source}`, hint: ` It is of source ${other}` })
  }
  return faults
}

function needsFaults(stack: unknown, name: string, component: unknown, known: string[]): Fault[] {
  const others = known.filter((other) => other !== name)
  return indexes(at(component, ["needs"])).flatMap((index) =>
    unknownAt(stack, ["components", name, "needs", index], "the name of a service or of another group", others),
  )
}

/** Each base must have a way to get what is installed, or a reason why there is none. */
function distributionFaults(stack: unknown, name: string, component: unknown): Fault[] {
  const install = at(component, ["install"])
  if (!isMapping(install)) return []
  if (has(install, anyDistribution)) return []
  const wanted = new Set(entries(at(stack, ["bases"])).map(([, base]) => at(base, ["distribution"])))
  return [...wanted].flatMap((distribution): Fault[] => {
    if (typeof distribution !== "string" || has(install, distribution)) return []
    return [
      { path: ["components", name, "install", distribution], at: "value", expected: "how to install it there, or the key unavailable" },
    ]
  })
}

function unknownAt(stack: unknown, path: Path, expected: string, known: string[]): Fault[] {
  const found = at(stack, path)
  if (typeof found !== "string" || known.includes(found)) return []
  return [{ path, at: "value", expected, hint: hintFor(found, known) }]
}

/** Pins that versions.yaml must have for what stands in stack.yaml. */
export function pinReferences(stack: unknown, versions: unknown): Fault[] {
  const wanted: { pin: Path; what: string; by?: string }[] = []
  for (const [name, source] of entries(at(stack, ["sources"]))) {
    const by = `sources.${name}`
    wanted.push({ pin: ["sources", name], what: "the pin", by })
    if (!has(source, "folder") && at(versions, ["sources", name]) !== undefined)
      wanted.push({ pin: ["sources", name, "commit"], what: "the commit", by })
  }
  for (const [name, component] of entries(at(stack, ["components"]))) {
    if (has(component, "reference")) wanted.push({ pin: ["references", name], what: "the tag", by: `components.${name}` })
    for (const [distribution, install] of entries(at(component, ["install"]))) {
      const archive = at(install, ["archive"])
      const by = `components.${name}.install.${distribution}`
      if (typeof archive === "string") wanted.push({ pin: ["archives", name, "builds", archive], what: "the archive", by })
      for (const index of indexes(at(install, ["tools"]))) {
        const further = at(install, ["tools", index])
        if (typeof further === "string") wanted.push({ pin: ["tools", further], what: "the tool", by })
      }
      const tool = at(install, ["tool"])
      if (typeof tool !== "string") continue
      wanted.push({ pin: ["tools", tool], what: "the tool", by })
      if (at(versions, ["tools", tool]) !== undefined) wanted.push({ pin: ["tools", tool, "created"], what: "the time of the tool", by })
    }
  }
  for (const [name, service] of entries(at(stack, ["services"]))) {
    const [image, tool] = [at(service, ["image"]), at(service, ["packaged", "tool"])]
    if (typeof image === "string") wanted.push({ pin: ["images", image], what: "the image", by: `services.${name}` })
    if (typeof tool === "string") wanted.push({ pin: ["tools", tool], what: "the tool", by: `services.${name}` })
  }
  for (const image of ["golang", "debian", "node"]) wanted.push({ pin: ["images", image], what: "an image, which every stack needs" })
  // What has no mapping around it is a fault already.
  const missing = wanted.filter(({ pin }) => at(versions, pin) === undefined && isMapping(at(versions, pin.slice(0, -1)) ?? versions))
  return missing.map(({ pin, what, by }) => {
    const there = names(at(versions, pin.slice(0, -1)))
    const hint = there.length === 0 ? undefined : hintFor(String(pin.at(-1)), there)
    return { path: pin, at: "value", expected: by === undefined ? what : `${what} of ${by} in stack.yaml`, hint }
  })
}

function at(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === "object" && part !== null && Object.hasOwn(part, key) ? part[key as never] : undefined),
    data,
  )
}

function entries(data: unknown): [string, unknown][] {
  return isMapping(data) ? Object.entries(data) : []
}

function names(data: unknown): string[] {
  return entries(data).map(([name]) => name)
}

function indexes(data: unknown): number[] {
  return Array.isArray(data) ? data.map((_, index) => index) : []
}

function has(data: unknown, key: string): boolean {
  return isMapping(data) && data[key] !== undefined
}
