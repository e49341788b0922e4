// The functions of the version watch: what they ask, print and change.

import type { Changeset, Directory } from "@dagger.io/dagger"
import { entryOf } from "../base/entries.js"
import { jsonText } from "../base/format.js"
import { Problem } from "../base/problem.js"
import { loadCatalogue } from "../catalogue/load.js"
import type { Catalogue } from "../catalogue/types.js"
import { type CallOptions, pinnedSettings } from "../graph/call/options.js"
import { log, type Settings } from "../graph/call/settings.js"
import { sourceChanges } from "../graph/versions/sourceParts.js"
import { type WatchTools, watch, watchTools } from "../graph/versions/upstream.js"
import { changeLine, type SourceChanges } from "../plan/build/sourceParts.js"
import { checkVersionName } from "../plan/build/versionNames.js"
import { checkDate } from "../plan/versions/changelog.js"
import { type Channel, readChannel } from "../plan/versions/order.js"
import { pinPaths } from "../plan/versions/pinFiles.js"
import { githubLines, updatesOf, updatesText, type WatchRow, watchedFor, watchedNamed, watchTable } from "../plan/versions/watch.js"
import { type BumpRequest, bumpBases, bumpVersions, type PinFiles } from "./bump.js"

type Form = (settings: Settings, channel: Channel, rows: WatchRow[], changes?: Record<string, SourceChanges>) => string

const json: Form = ({ catalogue }, channel, rows, changes) => jsonText({ stack: catalogue.stack, channel, rows, changes })

const versionForms: Record<string, Form> = {
  table: (_settings, _channel, rows, changes = {}) =>
    watchTable(rows) +
    Object.values(changes)
      .map((change) => `${changeLine(change)}\n`)
      .join(""),
  json,
}
const updateForms: Record<string, Form> = {
  text: (_settings, _channel, rows) => updatesText(rows),
  json,
  github: (_settings, _channel, rows) => githubLines(rows),
}

/** Answers of this moment. */
function toolsOf(settings: Settings): WatchTools {
  return watchTools(settings, new Date().toISOString())
}

export async function versionsReport(settings: Settings, channel: Channel, format: string, tools = toolsOf(settings)): Promise<string> {
  const form = formOf(versionForms, format)
  const rows = await watch(settings, tools, channel)
  return form(settings, channel, rows, await changesOf(settings, tools, rows))
}

export async function updatesReport(
  settings: Settings,
  channel: Channel,
  format: string,
  failOnUpdates: boolean,
  tools = toolsOf(settings),
): Promise<string> {
  const form = formOf(updateForms, format)
  const rows = await watch(settings, tools, channel)
  if (failOnUpdates && updatesOf(rows).length > 0) throw new Error(`there are updates:\n${updatesText(rows)}`)
  return form(settings, channel, rows)
}

/** Of the sources that have a newer version, by their names. */
async function changesOf(settings: Settings, tools: WatchTools, rows: WatchRow[]): Promise<Record<string, SourceChanges>> {
  const newer = updatesOf(rows).filter(({ component }) => Object.hasOwn(settings.catalogue.sources, component))
  const found = newer.map(async ({ component, newest }) => {
    return [component, await sourceChanges(settings, tools, watchedNamed(settings.catalogue, component), newest!)] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

function formOf(forms: Record<string, Form>, format: string): Form {
  return entryOf("value of --format", forms, format)
}

/** Where the files lie: in a checkout of this project, or all in the folder of --catalogue. */
export interface BumpPlace {
  folder: Directory
  stack?: string
}

export function bumpPlace({ catalogue, stack }: CallOptions, checkout: Directory): BumpPlace {
  return catalogue ? { folder: catalogue } : { folder: checkout, stack }
}

export async function callerVersions(options: CallOptions, channel: string, format: string): Promise<string> {
  return versionsReport(await pinnedSettings(options), readChannel(channel), format)
}

export async function callerUpdates(options: CallOptions, channel: string, format: string, failOnUpdates: boolean): Promise<string> {
  return updatesReport(await pinnedSettings(options), readChannel(channel), format, failOnUpdates)
}

/** What a caller pins; what is not said arrives as null. */
export interface BumpCall {
  component?: string | null
  version?: string | null
  channel: string
  bases: boolean
  date?: string | null
}

export async function callerBump(
  options: CallOptions,
  checkout: Directory,
  { component, version, channel, bases, date }: BumpCall,
): Promise<Changeset> {
  const request = {
    channel: readChannel(channel),
    component: component ?? undefined,
    version: version ?? undefined,
    date: date ?? undefined,
  }
  const settings = await pinnedSettings(options)
  if (component && version) checkVersionName(settings.catalogue, component, version)
  return bumpChanges(settings, bumpPlace(options, checkout), request, bases)
}

export async function bumpChanges(
  settings: Settings,
  { folder, stack }: BumpPlace,
  request: BumpRequest,
  bases: boolean,
  tools = toolsOf(settings),
): Promise<Changeset> {
  if (request.date !== undefined) checkDate(request.date)
  if (bases && (request.component !== undefined || request.version !== undefined)) {
    throw new Problem("--bases pins all base images", "leave --component and --version out")
  }
  const names = pinPaths(stack)
  const files: PinFiles = {
    versions: await folder.file(names.versions).contents(),
    env: await textOf(folder, names.env),
    changelog: await textOf(folder, names.changelog),
    deployment: await textOf(folder, names.deployment),
  }
  const changed = bases ? await bumpBases(settings, tools, files, request.date) : await bumpVersions(settings, tools, files, request)
  let after = folder
  for (const name of ["versions", "env", "changelog"] as const) {
    const [path, text] = [names[name], changed[name]]
    if (path !== undefined && text !== undefined && text !== files[name]) after = after.withNewFile(path, text)
  }
  for (const [path, text] of Object.entries(stack === undefined ? {} : (changed.generated ?? {}))) after = after.withNewFile(path, text)
  return after.changes(folder)
}

async function textOf(folder: Directory, name: string | undefined): Promise<string | undefined> {
  return name !== undefined && (await folder.exists(name)) ? folder.file(name).contents() : undefined
}

/** The newer versions of what these components are made from; what cannot be asked stays as it is pinned. */
export async function releaseChanges(
  settings: Settings,
  { folder, stack }: BumpPlace,
  components: string[],
  channel: string,
  date?: string,
  tools?: WatchTools,
): Promise<Changeset> {
  if (channel === "pinned") return folder.changes(folder)
  const newer = readChannel(channel)
  let now = settings
  let after = folder
  for (const component of watchedFor(settings.catalogue, components)) {
    // What is built from the caller's own source does not follow upstream.
    const { custom } = settings
    if (custom?.of === component && (custom.git ?? custom.checkout) !== undefined) continue
    try {
      const changes = await bumpChanges(now, { folder: after, stack }, { channel: newer, component, date }, false, tools)
      after = changes.after()
      now = { ...settings, catalogue: await catalogueIn(after, stack) }
    } catch (error) {
      log(`${component} stays as it is pinned: ${(error as Error).message}`)
    }
  }
  return after.changes(folder)
}

/** The catalogue as it is in a checkout, or in your own folder. */
export function catalogueIn(folder: Directory, stack: string | undefined): Promise<Catalogue> {
  const below = stack === undefined ? "" : `stacks/${stack}/`
  return loadCatalogue(stack ?? "catalogue", (name) => folder.file(`${below}${name}`).contents())
}
