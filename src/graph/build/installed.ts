// Images of servers that are installed: base and packages, or an archive of the makers, a start script, a user.

import { type Container, type Directory, dag, type File } from "@dagger.io/dagger"
import { pinnedArchive } from "../../catalogue/lookup.js"
import { ownText } from "../../catalogue/ownFiles.js"
import type { BaseEntry, InstallEntry, InstalledEntry } from "../../catalogue/types.js"
import { binFolder, shellOf } from "../../plan/build/image.js"
import type { ImageInputs } from "../../plan/build/inputs.js"
import {
  archivePlan,
  type ContentFacts,
  contentFacts,
  factsOf,
  installedInputs,
  installedPlan,
  installOf,
  knownReport,
  packagesOf,
  periodOf,
  readReport,
  reportScript,
  runtimeReport,
  type ServerReport,
} from "../../plan/packages/installed.js"
import { javaFolders } from "../../plan/packages/java.js"
import type { PlanInput } from "../../plan/publish/planRows.js"
import { runtimeOf } from "../../plan/toolchains/toolchains.js"
import { mounted } from "../bundle/bundle.js"
import { explain } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import { helperProgram, helperTexts, toolProgram } from "../toolchains/helpers.js"
import { javaProgram, javaProperties, javaTexts } from "../toolchains/java.js"
import { contentMaker, toolchainByName } from "../toolchains/toolchains.js"
import { withArchiveSum } from "./archives.js"
import { type PreparedBase, prepareBase } from "./bases.js"
import { wholeOf } from "./foundSource.js"
import { ownerOf, withPlan, withUser } from "./images.js"
import { baseFacts } from "./inputs.js"
import type { BuiltImage } from "./layouts.js"
import { withPackages } from "./packages.js"
import { resolveSource } from "./sources.js"
import { treeDigest } from "./treeDigest.js"

export async function installedImage(given: Settings, component: InstalledEntry, base: BaseEntry): Promise<BuiltImage> {
  const install = installOf(given.catalogue, component, base)
  const settings = install.archive === undefined ? given : await withArchiveSum(given, component.name, install.archive)
  const { catalogue } = settings
  // Whatever is wrong with the archive is reported before anything is installed.
  const archive = install.archive === undefined ? undefined : await archivedServer(settings, component, install.archive)
  const prepared = await withServerPackages(settings, component, base, install)
  let server = prepared.container
  const { tool, tools = [], java } = install
  const program = archive ?? (tool === undefined ? undefined : await toolProgram(settings, tool))
  if (program !== undefined) server = server.withFile(`${binFolder}/${component.server}`, program, { permissions: 0o755, owner: "0:0" })
  for (const name of tools)
    server = server.withFile(`${binFolder}/${name}`, await toolProgram(settings, name), { permissions: 0o755, owner: "0:0" })
  if (java !== undefined) {
    server = server
      .withDirectory(`/opt/${java}`, await javaProgram(settings, java), { owner: "0:0" })
      .withDirectory(`/opt/${java}/config`, javaProperties(java), { owner: "0:0" })
  }

  const content = await contentOf(settings, component)
  if (content !== undefined) server = server.withDirectory(content.to, await content.files(server), { owner: "0:0" })
  if (content !== undefined && install.runtime)
    server = server.withFile(`${binFolder}/${component.server}`, content.runtime(), { permissions: 0o755, owner: "0:0" })
  const asked = knownReportOf(settings, install) ?? (await reportOf(server, component, install, base))
  const report = content !== undefined && install.runtime ? runtimeReport(component, content) : asked
  const facts = contentFacts(factsOf(catalogue, component, install, report), content)
  const inputs = await inputsOf(settings, component, base, facts.revision, prepared, content)
  const started = await withStart(settings, server, component)
  const container = withPlan(started, installedPlan(component, base, facts), inputs).withUser(ownerOf(catalogue))
  return { container, base: prepared.pulled, created: facts.created }
}

/** For the plan: what would be installed now. An archive is not fetched for it: its checksum says all. */
export async function installedInput(given: Settings, component: InstalledEntry, base: BaseEntry): Promise<PlanInput> {
  let settings = given
  let install: InstallEntry
  try {
    install = installOf(given.catalogue, component, base)
    if (install.archive !== undefined) settings = await withArchiveSum(given, component.name, install.archive)
  } catch (error) {
    return { component: component.name, source: component.url, refused: (error as Error).message }
  }
  const { catalogue } = settings
  const prepared = await withServerPackages(settings, component, base, install)
  const pin = install.archive === undefined ? undefined : pinnedArchive(catalogue, component.name)
  const content = await contentOf(settings, component)
  const report =
    content !== undefined && install.runtime
      ? runtimeReport(component, content)
      : pin === undefined
        ? (knownReportOf(settings, install) ?? (await reportOf(prepared.container, component, install, base)))
        : { version: pin.version, created: "", origin: `archive ${pin.version} for ${install.archive}` }
  const { revision, version } = contentFacts(factsOf(catalogue, component, install, report), content)
  return {
    component: component.name,
    source: content === undefined ? report.origin : `${content.origin}, ${report.origin}`,
    version,
    inputs: await inputsOf(settings, component, base, revision, prepared, content),
  }
}

/** Files that a source makes for a server, and what is known of them before they are made. */
interface Content extends ContentFacts {
  to: string
  origin: string
  files(server: Container): Promise<Directory>
  /** The program that runs them. */
  runtime(): File
}

async function contentOf(settings: Settings, component: InstalledEntry): Promise<Content | undefined> {
  const { content } = component
  if (content === undefined) return undefined
  const source = await resolveSource(settings, content.source)
  const toolchain = await toolchainByName(source.toolchain.name).prepare(settings, source.toolchain.version)
  const digest = await treeDigest(await toolbox(settings, []), wholeOf(source).root.filter({ exclude: ["**/node_modules", "**/*.md"] }))
  return {
    to: content.to,
    origin: source.origin,
    digest,
    facts: source.facts,
    toolchain: { name: toolchain.name, version: toolchain.version },
    async files(server) {
      const files = await contentMaker(toolchain.name)(settings, toolchain, source, content)
      await toolchainByName(toolchain.name).checkContent?.(toolchain, files, server)
      return files
    },
    runtime: () => toolchain.container.file(runtimeOf(settings.catalogue, component)),
  }
}

/** The base with the server's packages, as they are in this period of the component's rhythm. */
function withServerPackages(settings: Settings, component: InstalledEntry, base: BaseEntry, install: InstallEntry): Promise<PreparedBase> {
  const asOf = periodOf(component.rhythm, new Date())
  return prepareBase(settings, base, packagesOf(install, base), asOf, install.java === undefined ? [] : javaFolders)
}

function knownReportOf({ catalogue }: Settings, install: InstallEntry): ServerReport | undefined {
  return knownReport(catalogue, install, install.java === undefined ? "" : javaTexts(install.java)["pom.xml"])
}

/** In its own container, so that the image needs no program that downloads. */
async function archivedServer(settings: Settings, component: InstalledEntry, name: string): Promise<File> {
  const { bundle } = settings
  const plan = archivePlan(settings.catalogue, component, name, bundle ? [`file://${mounted}`] : await settings.mirrors.of("archive"))
  const curl = await toolbox(settings, [], ["curl"])
  const runner = bundle ? curl.withMountedDirectory(mounted, bundle.directory.directory("archives")) : curl
  const fetched = await withPackages(runner, plan).catch((error: Error) => {
    throw new Error(`${error.message}: --mirrors=archive=ADDRESS of a folder that has it, or urls in versions.yaml`)
  })
  const next = `check archives.${component.name} in versions.yaml`
  return explain(`the archive of ${component.name} has no bin/${component.server}`, next, () =>
    fetched.file(`/archive/bin/${component.server}`).sync(),
  )
}

async function reportOf(server: Container, component: InstalledEntry, install: InstallEntry, base: BaseEntry): Promise<ServerReport> {
  const what = `${component.server} is installed, but does not run on ${base.image}`
  const inImage = Object.entries(component.env).reduce((made, [name, value]) => made.withEnvVariable(name, value), server)
  const text = await explain(what, "choose another --base", () =>
    inImage.withExec(["sh", "-c", reportScript(component, install, base)]).stdout(),
  )
  return readReport(component, text)
}

async function inputsOf(
  settings: Settings,
  component: InstalledEntry,
  base: BaseEntry,
  revision: string,
  prepared: PreparedBase,
  content?: ContentFacts,
): Promise<ImageInputs> {
  const { java } = installOf(settings.catalogue, component, base)
  const texts = [
    ownText(startFile(component)),
    ...(component.helper === undefined ? [] : helperTexts(component.helper)),
    ...(java === undefined ? [] : Object.values(javaTexts(java))),
  ]
  return installedInputs(settings.catalogue, component, base, revision, await baseFacts(prepared), texts, content)
}

async function withStart(settings: Settings, server: Container, component: InstalledEntry): Promise<Container> {
  const { catalogue } = settings
  const root = { permissions: 0o755, owner: "0:0" }
  const prepared = (await withUser(catalogue, server, component.data, [component.data], shellOf(component)))
    .withWorkdir(component.data)
    .withFile(`${binFolder}/${component.start}`, startScript(component), root)
  const image = Object.entries(component.files).reduce(
    (made, [path, text]) => made.withNewFile(path, text, { permissions: 0o644, owner: "0:0" }),
    prepared,
  )
  if (component.helper === undefined) return image
  return image.withFile(`${binFolder}/${component.helper}`, await helperProgram(settings, component.helper), root)
}

function startScript(component: InstalledEntry): File {
  return dag.currentModule().source().file(startFile(component))
}

function startFile(component: InstalledEntry): string {
  return `shell/${component.start}.sh`
}
