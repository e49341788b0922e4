// Names in deployment.yaml that point to other entries, there or in stack.yaml.

import { limitSetting } from "../base/limitSetting.js"
import type { Path } from "./document.js"
import { type Fault, hintFor, isMapping } from "./faults.js"

/** Words that texts of `kubernetes` may hold like settings: the release's name without hyphens, and its namespace. */
export const clusterWords = ["RELEASE", "NAMESPACE"] as const

/** In texts: ${SETTING}. */
const setting = /\$\{([A-Z][A-Z0-9_]*)\}/g

/** `development`: the components that no deployment runs. */
export function deploymentReferences(data: unknown, components: string[], images: string[], development: string[] = []): Fault[] {
  const [services, routes, networks, profiles, groups] = ["services", "routes", "networks", "profiles", "groups"].map((key) =>
    keys(at(data, [key])),
  )
  // Those of images and limits follow from the services.
  const settings = [...keys(at(data, ["settings"])), ...services!.map(limitSetting)]
  const volumes = services!.flatMap((name) => keys(at(data, ["services", name, "volumes"])))
  const one = (path: Path, what: string, known: string[]) => unknown(path, at(data, path), what, known)
  const each = (path: Path, what: string, known: string[]) => below(data, path).flatMap((entry) => one(entry, what, known))
  const keysOf = (path: Path, what: string, known: string[]) =>
    keys(at(data, path)).flatMap((key) => unknown([...path, key], key, what, known, "key"))

  const forDevelopment = (path: Path): Fault[] => {
    const name = at(data, path)
    if (typeof name !== "string" || !development.includes(name)) return []
    return [{ path, at: "value", text: `${name} is for developers alone: no deployment runs it` }]
  }
  const ofService = (name: string): Fault[] => {
    const path = ["services", name]
    const official = [...path, "official"]
    return [
      ...(at(data, [...path, "image"]) === undefined ? one([...path, "component"], "the name of a component", components) : []),
      ...forDevelopment([...path, "component"]),
      ...each([...path, "profiles"], "the name of a profile", profiles!),
      ...each(
        [...path, "needs"],
        "the name of another service",
        services!.filter((other) => other !== name),
      ),
      ...each([...path, "networks"], "the name of a network", networks!),
      ...each([...path, "secrets"], "the name of a setting", settings),
      ...each([...official, "secrets"], "the name of a setting", settings),
      ...keysOf([...path, "once"], "one of parts", values(at(data, [...path, "parts"]))),
      ...keysOf([...path, "publish"], "the name of a setting", settings),
      ...keysOf([...path, "direct"], "the name of a setting", settings),
      ...keysOf([...path, "hostFolders"], "the name of a setting", settings),
      ...keysOf(
        [...path, "beside"],
        "the name of another service",
        services!.filter((other) => other !== name),
      ),
      ...keys(at(data, [...path, "beside"])).flatMap((other) =>
        each([...path, "beside", other, "secrets"], "the name of a setting", settings),
      ),
      ...one([...official, "image"], "the name of an image in versions.yaml", images),
    ]
  }
  return [
    ...keys(at(data, ["settings"])).flatMap((name) => [
      ...one(["settings", name, "group"], "the name of a group", groups!),
      ...one(["settings", name, "rotate", "service"], "the name of a service", services!),
      ...one(["settings", name, "madeWith"], "the name of a volume", volumes),
      ...one(["settings", name, "with"], "the name of a service", services!),
    ]),
    ...networks!.flatMap((name) => one(["networks", name, "setting"], "the name of a setting", settings)),
    ...services!.flatMap(ofService),
    ...circles(data, services!),
    ...routes!.flatMap((name) => [
      ...one(["routes", name, "service"], "the name of a service", services!),
      ...one(["routes", name, "portSetting"], "the name of a setting", settings),
      ...one(["routes", name, "login", "password"], "the name of a setting", settings),
    ]),
    ...one(["edge", "service"], "the name of a service", services!),
    ...one(["edge", "acme", "network"], "the name of a network", networks!),
    ...each(["edge", "ready"], "the name of a route", routes!),
    ...keys(at(data, ["requirements", "cpuFlags"])).flatMap((flag) =>
      each(["requirements", "cpuFlags", flag], "the name of a service", services!),
    ),
    ...keys(at(data, ["requirements", "kernel"])).flatMap((setting) =>
      each(["requirements", "kernel", setting, "services"], "the name of a service", services!),
    ),
    ...one(["backup", "component"], "the name of a component", components),
    ...one(["backup", "network"], "the name of a network", networks!),
    ...one(["backup", "gate", "service"], "the name of a service", services!),
    ...keys(at(data, ["backup", "parts"])).flatMap((name) => [
      ...one(["backup", "parts", name, "service"], "the name of a service", services!),
      ...one(["backup", "parts", name, "volume"], "the name of a volume", volumes),
      ...each(["backup", "parts", name, "secrets"], "the name of a setting", settings),
    ]),
    ...below(data, ["updates", "stops"]).flatMap((path) => one([...path, "service"], "the name of a service", services!)),
    ...keys(at(data, ["updates", "changes"])).flatMap((name) =>
      one(["updates", "changes", name, "service"], "the name of a service", services!),
    ),
    ...each(["updates", "together"], "the name of a service", services!),
    ...each(["kubernetes", "without"], "the name of a service", services!),
    ...one(["registry", "service"], "the name of a service", services!),
    ...one(["registry", "password"], "the name of a setting", settings),
    ...keys(at(data, ["kubernetes", "profiles"])).flatMap((name) => [
      ...one(["kubernetes", "profiles", name, "of"], "the name of a profile", profiles!),
      ...each(["kubernetes", "profiles", name, "without"], "the name of a service", services!),
    ]),
    ...one(["kubernetes", "names", "service"], "the name of a service", services!),
    ...keysOf(["kubernetes", "names", "refused"], "the name of a service", services!),
    ...keysOf(["kubernetes", "names", "pods"], "the name of a component", components),
    ...keysOf(["kubernetes", "hosts"], "the name of a route", routes!),
    ...keysOf(["kubernetes", "pods"], "the name of a service or a component", [...services!, ...components]),
    ...keys(at(data, ["kubernetes", "pods"])).flatMap((name) =>
      each(["kubernetes", "pods", name, "after"], "the name of a component", components),
    ),
    ...one(["monitoring", "service"], "the name of a service", services!),
    ...keys(at(data, ["monitoring", "targets"])).flatMap((name) =>
      one(["monitoring", "targets", name, "service"], "the name of a service", services!),
    ),
    ...inTexts(data, ["settings", "services", "checks", "backup"], settings),
    ...inTexts(data, ["kubernetes"], [...settings, ...clusterWords]),
  ]
}

/** Services that need each other would never start. */
function circles(data: unknown, services: string[]): Fault[] {
  const needs = (name: string): string[] => values(at(data, ["services", name, "needs"]))
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    needs(from).some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))))
  return services.flatMap((name): Fault[] =>
    reaches(name, name)
      ? [{ path: ["services", name, "needs"], at: "value", text: `${name} needs itself through others: it could never start` }]
      : [],
  )
}

function inTexts(data: unknown, parts: string[], settings: string[]): Fault[] {
  const visit = (path: Path): Fault[] => {
    const value = at(data, path)
    if (typeof value !== "string") return below(data, path).flatMap(visit)
    const odd = [...value.matchAll(setting)].map(([, name]) => name!).filter((name) => !settings.includes(name))
    return odd.map((name) => ({ path, at: "value", text: `\${${name}} is not a setting.${hintFor(name, settings)}` }))
  }
  return parts.flatMap((part) => visit([part]))
}

function unknown(path: Path, found: unknown, expected: string, known: string[], place: "key" | "value" = "value"): Fault[] {
  if (typeof found !== "string" || known.includes(found)) return []
  return [{ path, at: place, expected, hint: hintFor(found, known) }]
}

function at(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === "object" && part !== null && Object.hasOwn(part, key) ? part[key as never] : undefined),
    data,
  )
}

function keys(data: unknown): string[] {
  return isMapping(data) ? Object.keys(data) : []
}

/** The paths of what a mapping or a list holds. */
function below(data: unknown, path: Path): Path[] {
  const value = at(data, path)
  if (Array.isArray(value)) return value.map((_, index) => [...path, index])
  return keys(value).map((key) => [...path, key])
}

function values(data: unknown): string[] {
  return Array.isArray(data) ? data.filter((one) => typeof one === "string") : []
}
