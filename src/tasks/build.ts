// Builds for a caller: one component as an image, a file or a folder, or all that a plan names.

import type { Container, Directory, File } from "@dagger.io/dagger"
import { sayArchive, sayImage, sayPrograms } from "../graph/build/built.js"
import { type BuildRequest, componentBinaries, componentImage } from "../graph/build/components.js"
import { type BuiltImage, imageLayout, type Layout, layoutArchive } from "../graph/build/layouts.js"
import { ofThisSession } from "../graph/build/thisSession.js"
import { buildOptions, type CallOptions, componentSettings, pinnedSettings, stackSettings } from "../graph/call/options.js"
import type { Settings } from "../graph/call/settings.js"
import { checkPlatform } from "../plan/build/components.js"
import { sourceMoves } from "../plan/build/customSource.js"
import { planRows, readPlanRecord } from "../plan/publish/planRows.js"
import { chosenComponents, releasedReport } from "../plan/publish/released.js"
import { knownBuilder } from "../plan/toolchains/toolchains.js"
import { planInputs } from "./plan.js"
import { releaseAll } from "./release.js"

export async function builtImage(
  options: CallOptions,
  component: string,
  builder: string | null | undefined,
  platform: string,
): Promise<Container> {
  checkPlatform(platform)
  const request = { ...buildOptions(options), builder: knownBuilder(builder), component }
  const settings = await componentSettings(options, component)
  const image = await componentImage(settings, request)
  await sayImage(settings, request, image)
  return sourceMoves(options) ? ofThisSession(image.container) : image.container
}

export async function builtPrograms(options: CallOptions, component: string, builder: string | null | undefined): Promise<Directory> {
  const request = { ...buildOptions(options), builder: knownBuilder(builder), component }
  const folder = await componentBinaries(await componentSettings(options, component), request)
  await sayPrograms(request, folder)
  return folder
}

/** An image with its reproducible layout, and how it was built. */
export interface BuiltLayout {
  settings: Settings
  request: BuildRequest
  image: BuiltImage
  layout: Layout
}

/** The tools are what is going to look at the image: a bundle must have them. */
export async function builtLayout(options: CallOptions, component: string, tools: string[] = []): Promise<BuiltLayout> {
  const settings = await componentSettings(options, component, { tools })
  const request = { ...buildOptions(options), component }
  const image = await componentImage(settings, request)
  return { settings, request, image, layout: await imageLayout(settings, image) }
}

export async function builtArchive(options: CallOptions, component: string): Promise<File> {
  const { settings, image, layout } = await builtLayout(options, component)
  return layoutArchive(settings, layout, await sayArchive(settings, component, image, layout))
}

/** What a record of earlier builds does not have; a table. */
export async function builtAll(
  options: CallOptions,
  components: string[],
  record: File | null | undefined,
  failFast: boolean,
): Promise<string> {
  const names = chosenComponents((await stackSettings(options)).catalogue, components)
  const settings = await pinnedSettings(options, { components: names })
  const inputs = await planInputs(settings, buildOptions(options), names)
  const rows = planRows(inputs, record ? readPlanRecord(await record.contents()) : {})
  return releasedReport(await releaseAll(settings, rows, buildOptions(options), failFast))
}
