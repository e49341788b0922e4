// The Helm charts of a stack, below charts/STACK: one for all, which holds a library and one for each module.

import type { DeploymentData } from "../../catalogue/deployment.js"
import type { Catalogue } from "../../catalogue/types.js"
import { oldestKubernetes } from "../deploy/cluster.js"
import { deploymentOf, published } from "../deploy/deployment.js"
import { edgeFile } from "../deploy/haproxy.js"
import { backupTemplates, backupValues } from "./backup.js"
import { globalValues, inherited, moduleRows, moduleValues, objectOfModule, umbrellaValues } from "./chartValues.js"
import { libraryTemplates, moduleTemplate } from "./library.js"
import { edgeText, isEdge, moduleText } from "./moduleFile.js"
import { type Context, type Module, modulesOf } from "./modules.js"
import { chartReadme, umbrellaTemplates } from "./umbrella.js"
import { anything, helmYaml, schemaText, valueRows, valuesText } from "./values.js"

/** The version of the charts' own text: raised when a value or a template changes. */
const chartVersion = "0.3.0"
/** What the templates need. */
const kubernetes = `>=1.${oldestKubernetes}.0-0`

export function chartFiles(catalogue: Catalogue, whole: DeploymentData): Record<string, string> {
  const data = forClusters(whole)
  const deployment = deploymentOf(catalogue, data, published(catalogue))
  const context = { catalogue, data, deployment }
  const modules = modulesOf(context)
  const globals = globalValues(context, modules)
  const own = [globals, ...umbrellaValues(), ...backupValues(context)]
  const sections = Object.fromEntries(modules.map((module) => [module.name, objectOfModule(module)]))
  const files: Record<string, string> = {
    "Chart.yaml": chartText(catalogue, {
      name: catalogue.stack,
      description: `${catalogue.title} with its stores, and the edge in front`,
      type: "application",
      dependencies: [{ name: "library", version: chartVersion }, ...modules.map(({ name }) => ({ name, version: chartVersion }))],
    }),
    "values.yaml": valuesText(
      `The values of ${catalogue.title}. What is set for a single program stands below its name, such as ${modules.find(({ layout }) => layout === "modules")?.name ?? modules[0]!.name}:\nits values are in charts/NAME/values.yaml. Generated: do not edit, but write what you change into a file of yours.`,
      own,
    ),
    "values.schema.json": schemaText(`Values of the chart ${catalogue.stack}`, own, { ...sections, library: anything }),
    "README.md": chartReadme(context, modules, [...valueRows(own), ...moduleRows(modules)]),
    ...under("templates", { ...umbrellaTemplates(context, modules), ...backupTemplates(context, modules) }),
    ...under("charts/library", {
      "Chart.yaml": chartText(catalogue, { name: "library", description: "What the charts of the modules are made of", type: "library" }),
      ...under("templates", libraryTemplates),
    }),
    ...Object.assign({}, ...modules.map((module) => under(`charts/${module.name}`, moduleFiles(context, module)))),
  }
  return under(catalogue.stack, files)
}

/**
 * Without what a cluster has itself, such as a Prometheus, or does not have, such as ports of a machine past the edge, and without profiles
 * that must be named.
 */
function forClusters({ monitoring: _, ...data }: DeploymentData): DeploymentData {
  const usual = Object.keys(data.profiles).filter((name) => !data.profiles[name]!.onlyNamed)
  const left = (name: string) => {
    const { profiles = usual } = data.services[name]!
    return data.kubernetes?.without.includes(name) === true || !profiles.some((profile) => usual.includes(profile))
  }
  const services = Object.fromEntries(Object.entries(data.services).filter(([name]) => !left(name)))
  const routes = Object.fromEntries(Object.entries(data.routes).filter(([, { service }]) => !left(service)))
  const has = (all: DeploymentData["services"], profile: string) => Object.values(all).some(({ profiles }) => profiles?.includes(profile))
  const needed = (profile: string) => usual.includes(profile) && (!has(data.services, profile) || has(services, profile))
  const profiles = Object.fromEntries(Object.entries(data.profiles).filter(([name]) => needed(name)))
  return withClusterProfiles({ ...data, services, routes, profiles })
}

/** With the profiles that only a cluster has: each is like another one, without some services. */
function withClusterProfiles(data: DeploymentData): DeploymentData {
  const own = Object.entries(data.kubernetes?.profiles ?? {})
  const runs = (name: string, all: string[] | undefined) => {
    const usual = all ?? Object.keys(data.profiles)
    return [...usual, ...own.flatMap(([profile, { of, without }]) => (usual.includes(of) && !without.includes(name) ? [profile] : []))]
  }
  const services = Object.entries(data.services).map(([name, service]) => [name, { ...service, profiles: runs(name, service.profiles) }])
  const profiles = own.map(([name, { purpose, of }]) => [name, { ...data.profiles[of], purpose }])
  return { ...data, services: Object.fromEntries(services), profiles: { ...data.profiles, ...Object.fromEntries(profiles) } }
}

/** The files, with the paths that they have below a folder. */
export function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]))
}

function chartText({ sources, pins }: Catalogue, entry: object): string {
  const version = Object.keys(sources).map((name) => pins.sources[name]!.version)[0] ?? "0"
  return `# Generated from deployment.yaml and stack.yaml: do not edit.\n${helmYaml({ apiVersion: "v2", ...entry, version: chartVersion, appVersion: version, kubeVersion: kubernetes })}`
}

function moduleFiles(context: Context, module: Module): Record<string, string> {
  const { catalogue } = context
  const values = moduleValues(module)
  return {
    "Chart.yaml": chartText(catalogue, {
      name: module.name,
      description: module.purpose,
      type: "application",
      dependencies: [{ name: "library", version: chartVersion, repository: "file://../library" }],
    }),
    "values.yaml": valuesText(`The values of ${module.name}: ${module.purpose}. Generated: do not edit.`, values),
    "values.schema.json": schemaText(`Values of the chart ${module.name}`, values, inherited),
    "module.yaml": moduleText(context, module),
    "templates/module.yaml": moduleTemplate,
    ...module.texts,
    ...(isEdge(module) ? { [edgeFile]: edgeText(context) } : {}),
  }
}
