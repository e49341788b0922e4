// The files that run a stack on a server: those of the repository, and the kit for a server.

import type { Changeset, Container, Directory, File, Secret, Service } from "@dagger.io/dagger"
import { atOnceThenAlone } from "../base/alone.js"
import { Problem } from "../base/problem.js"
import type { DeploymentData } from "../catalogue/deployment.js"
import { loadDeployment } from "../catalogue/load.js"
import type { Catalogue, ComponentEntry } from "../catalogue/types.js"
import { sayArchive } from "../graph/build/built.js"
import { layoutArchive } from "../graph/build/layouts.js"
import { type CallOptions, pinnedSettings, stackSettings } from "../graph/call/options.js"
import { log, type Settings } from "../graph/call/settings.js"
import { baseOf, referenceOf } from "../plan/build/components.js"
import { builtLayout } from "./build.js"

/** Those below compose/STACK and charts/STACK, as the catalogue has them now. */
export async function composeChanges(options: CallOptions, checkout: Directory): Promise<Changeset> {
  const { catalogue } = await stackSettings(options)
  const [data, { deploymentFilesByPath }] = await Promise.all([
    deploymentData(options, catalogue),
    import("../plan/kubernetes/repository.js"),
  ])
  // What else is there, such as .env, is the user's; all of a chart is generated.
  const others = checkout.withoutDirectory(`charts/${catalogue.stack}`)
  return withTexts(others, deploymentFilesByPath(catalogue, data)).changes(checkout)
}

/** The Helm charts of the stack, each in a folder with its name. */
export async function chartFolder(options: CallOptions): Promise<Directory> {
  const { catalogue } = await pinnedSettings(options)
  const [data, { chartFiles }, { folderOf }] = await Promise.all([
    deploymentData(options, catalogue),
    import("../plan/kubernetes/charts.js"),
    import("../graph/deploy/kit.js"),
  ])
  return folderOf(chartFiles(catalogue, data))
}

export interface PlanCall {
  kubeconfig: Secret
  context?: string
  namespace?: string
  release?: string
  values?: File
  cluster?: Service
}

/** What a deploy of the charts would change on a cluster, as its API server sees it. */
export async function kubePlanReport(options: CallOptions, { namespace, release, ...call }: PlanCall): Promise<string> {
  const settings = await pinnedSettings(options)
  const { catalogue } = settings
  const [data, { chartFiles }, { folderOf }, { clusterPlan }] = await Promise.all([
    deploymentData(options, catalogue),
    import("../plan/kubernetes/charts.js"),
    import("../graph/deploy/kit.js"),
    import("../graph/deploy/clusterPlan.js"),
  ])
  const files = chartFiles(catalogue, data)
  return clusterPlan(settings, {
    ...call,
    namespace: namespace ?? catalogue.stack,
    release: release ?? catalogue.stack,
    chart: folderOf(files).directory(catalogue.stack),
    schema: JSON.parse(files[`${catalogue.stack}/values.schema.json`]!) as object,
    volumes: Object.values(data.services).some(({ volumes }) => Object.keys(volumes).length > 0),
  })
}

export interface KitCall {
  profiles: string[]
  images: string
  /** Images that take the places of components: by component, and the name that each gets. */
  given?: Record<string, GivenImage>
}

export interface GivenImage {
  name: string
  container: Container
}

/** All that a server needs, in one folder. */
export async function deploymentKit(options: CallOptions, checkout: Directory, call: KitCall): Promise<Directory> {
  const [plan, files, graph, charts] = await Promise.all([
    import("../plan/deploy/kit.js"),
    import("../plan/deploy/files.js"),
    import("../graph/deploy/kit.js"),
    import("../plan/kubernetes/charts.js"),
  ])
  const origin = plan.readImageOrigin(call.images)
  const settings = await pinnedSettings(options)
  const { catalogue } = settings
  const data = await deploymentData(options, catalogue)
  const request = { profiles: call.profiles, official: origin === "official", base: baseOf(catalogue, options.base), images: {} }
  // Before anything is built: a name that is not known.
  const components = origin === "archives" ? plan.kitComponents(catalogue, files.deploymentOf(catalogue, data, request)) : []
  const works = components.map((component) => (alone: boolean) => {
    if (alone) log(`${component.name}: made again, with nothing beside it`)
    return archived(options, settings, component, call.given?.[component.name])
  })
  const [program, node, made] = await Promise.all([
    graph.operator(settings, checkout),
    graph.kitNode(settings),
    Promise.all(atOnceThenAlone(works, (error) => !(error instanceof Problem))),
  ])
  const archives = made.map(({ value }) => value)
  const images = Object.fromEntries(archives.map(({ component, name }) => [component, `docker.io/${name}`]))
  const texts = files.deploymentFiles(catalogue, data, { ...request, images })
  const kit = archives.reduce(
    (folder, { component, file }) => folder.withFile(plan.archivePath(component), file, { permissions: 0o644 }),
    withTexts(checkout.filter({ include: ["docs", `examples/${catalogue.stack}/kubernetes`, "LICENSE"] }), texts)
      .withDirectory(".", program)
      .withDirectory("charts", graph.folderOf(charts.chartFiles(catalogue, data)))
      .withFile("node/bin/node", node, { permissions: 0o755 }),
  )
  return graph.withChecksums(settings, kit)
}

interface Archive {
  component: string
  /** As docker lists it once it is loaded. */
  name: string
  file: File
}

async function archived(options: CallOptions, settings: Settings, component: ComponentEntry, given?: GivenImage): Promise<Archive> {
  if (given !== undefined) {
    const { namedArchive } = await import("../graph/deploy/kit.js")
    return { component: component.name, name: given.name, file: await namedArchive(settings, given.container, given.name) }
  }
  if (component.kind === "reference") {
    const [{ pulledArchive }, { loadedName }] = await Promise.all([import("../graph/deploy/kit.js"), import("../plan/deploy/kit.js")])
    const reference = referenceOf(settings.catalogue, component)
    const name = loadedName(reference)
    return { component: component.name, name, file: await pulledArchive(settings, reference, name) }
  }
  const { settings: own, image, layout } = await builtLayout(options, component.name)
  const names = await sayArchive(own, component.name, image, layout)
  return { component: component.name, name: names[0]!, file: await layoutArchive(own, layout, names) }
}

function withTexts(folder: Directory, texts: Record<string, string>): Directory {
  return Object.entries(texts).reduce((changed, [name, text]) => changed.withNewFile(name, text), folder)
}

async function deploymentData(options: CallOptions, catalogue: Catalogue): Promise<DeploymentData> {
  const folder = options.catalogue
  const data = await loadDeployment(catalogue, options.stack, folder ? (name) => folder.file(name).contents() : undefined)
  if (data === undefined) throw new Error("this stack has no deployment.yaml: write one beside its stack.yaml (see docs/catalogue.md)")
  return data
}
