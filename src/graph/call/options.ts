// The options of the whole call, and the settings that a function gets from them.

import { type Directory, dag, type File, object, type Secret, type Service, type Socket } from "@dagger.io/dagger"
import { readLayout } from "../../plan/build/layouts.js"
import { checkPinned, checkVersionName } from "../../plan/build/versionNames.js"
import type { BundleRequest } from "../../plan/bundle/items.js"
import type { BuildOptions } from "../build/components.js"
import { checkNeeds } from "../bundle/needs.js"
import { type RegistryAccess, readAccess } from "../publish/registries.js"
import { customSource } from "./customSource.js"
import { quickRequests } from "./requests.js"
import type { Bundle, Settings } from "./settings.js"
import { type Site, siteSettings } from "./site.js"

/** What stands before a function's name. Every object of a call has it; an option that is not given is absent. */
@object()
export class CallOptions {
  stack!: string
  source?: Directory
  git?: string
  gitRef!: string
  gitUser?: string
  gitToken?: Secret
  gitSsh?: Socket
  gitKnownHosts?: string
  sourcePath?: string
  sourceOf?: string
  overlay?: Directory
  version?: string
  bases!: string
  base!: string
  programs!: string
  goproxy?: string
  goPrivate?: string
  goNosumdb?: string
  goInsecure?: string
  netrc?: Secret
  mirrors!: string[]
  upstreams!: string[]
  catalogue?: Directory
  bundle?: Directory
  registryUsername?: string
  registryPassword?: Secret
  registryConfig?: Secret
  registryCa?: File
  plainHttp!: boolean
  registryService?: Service
}

/** What Dagger passes: options that are not given arrive as null. */
type GivenOptions = { [Option in keyof CallOptions]: CallOptions[Option] | null }

export function callOptions(given: GivenOptions): CallOptions {
  const named = Object.entries(given).filter(([, value]) => value !== null && value !== undefined)
  return Object.assign(new CallOptions(), Object.fromEntries(named))
}

/** Dagger passes objects inside an object of ours as their IDs only. */
const loaders = {
  source: (id: string) => dag.loadDirectoryFromID(id as never),
  overlay: (id: string) => dag.loadDirectoryFromID(id as never),
  catalogue: (id: string) => dag.loadDirectoryFromID(id as never),
  bundle: (id: string) => dag.loadDirectoryFromID(id as never),
  gitToken: (id: string) => dag.loadSecretFromID(id as never),
  gitSsh: (id: string) => dag.loadSocketFromID(id as never),
  netrc: (id: string) => dag.loadSecretFromID(id as never),
  registryPassword: (id: string) => dag.loadSecretFromID(id as never),
  registryConfig: (id: string) => dag.loadSecretFromID(id as never),
  registryCa: (id: string) => dag.loadFileFromID(id as never),
  registryService: (id: string) => dag.loadServiceFromID(id as never),
}

/** The same options, with objects where there were IDs. */
export function withObjects(options: CallOptions): CallOptions {
  for (const [name, load] of Object.entries(loaders)) {
    const given: unknown = options[name as keyof typeof loaders]
    if (typeof given === "string") Object.assign(options, { [name]: load(given) })
  }
  return options
}

/** How images are built, where a function does not say it. */
export function buildOptions({ base, programs }: CallOptions): BuildOptions {
  return { base, layout: readLayout(programs) }
}

/** Where the caller wants modules from, whatever mirrors there are. */
export function givenProxies({ goproxy }: CallOptions): { goproxy?: string } {
  return { goproxy }
}

/** Fails for a user, a password or a config.json that could not be used. */
export function registryAccess(options: CallOptions): Promise<RegistryAccess> {
  const {
    registryUsername: username,
    registryPassword: password,
    registryConfig: config,
    registryCa: ca,
    plainHttp,
    registryService: service,
  } = withObjects(options)
  return readAccess({ username, password, config, ca, plainHttp, service })
}

const read = new WeakMap<CallOptions, Promise<Settings>>()

/** Catalogue, mirrors and bundle of the call; read once. */
export function stackSettings(options: CallOptions): Promise<Settings> {
  quickRequests()
  const found = read.get(options) ?? siteSettings(siteOf(withObjects(options)))
  read.set(options, found)
  return found
}

/** For a function with one component, in the version that --version names. A bundle must have what the function needs. */
export async function componentSettings(options: CallOptions, component: string, needs: Partial<BundleRequest> = {}): Promise<Settings> {
  const { version } = options
  const { catalogue } = await stackSettings(options)
  if (version) checkVersionName(catalogue, component, version)
  return fitting(options, { ...(await sourceSettings(options, component)), version }, { components: [component], ...needs })
}

/** For functions of several components or of none: always of the pinned versions. A component helps to find out what --source is. */
export async function pinnedSettings(options: CallOptions, needs: Partial<BundleRequest> = {}, component?: string): Promise<Settings> {
  checkPinned(options.version)
  return fitting(options, await sourceSettings(options, component), { components: component === undefined ? [] : [component], ...needs })
}

/** For a single service: no source of the stack takes part. */
export async function serviceSettings(options: CallOptions, name: string): Promise<Settings> {
  return fitting(options, await stackSettings(options), { base: "debian", services: [name] })
}

/** For what makes a bundle: it need not have anything yet. */
export async function sourceSettings(options: CallOptions, component?: string): Promise<Settings> {
  const found = await stackSettings(options)
  return { ...found, custom: await customSource(options, found.catalogue, component) }
}

/** For what is about the bundle itself. */
export async function bundleSettings(options: CallOptions, component?: string): Promise<Settings & { bundle: Bundle }> {
  checkPinned(options.version)
  const settings = await sourceSettings(options, component)
  if (settings.bundle) return { ...settings, bundle: settings.bundle }
  throw new Error("no bundle is given: ./daggerw call --bundle=BUNDLE …; ./daggerw call prewarm export --path=BUNDLE makes one")
}

async function fitting(options: CallOptions, settings: Settings, needs: Partial<BundleRequest>): Promise<Settings> {
  await checkNeeds(settings, { components: [], base: options.base, tools: [], services: [], ...needs })
  return settings
}

function siteOf({ stack, catalogue, bases, goproxy: proxy, mirrors, upstreams, bundle, ...options }: CallOptions): Site {
  const { goPrivate, goNosumdb, goInsecure, netrc } = options
  const access = { private: goPrivate || undefined, nosumdb: goNosumdb || undefined, insecure: goInsecure || undefined, netrc }
  const given = Object.values(access).some((one) => one !== undefined)
  return { stack, catalogue, bases, toolchainOptions: { go: { proxy, access: given ? access : undefined } }, mirrors, upstreams, bundle }
}
