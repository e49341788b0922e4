// What a final image says about itself, as data.

import { sourceEntry } from "../../catalogue/lookup.js"
import type {
  BaseEntry,
  BuiltEntry,
  Catalogue,
  GroupEntry,
  ImageEntry,
  InstalledEntry,
  SourceImageEntry,
  UserEntry,
} from "../../catalogue/types.js"
import { programsOf } from "./components.js"

/** What is known about the source or the package that an image was built from. */
/** A program that is run once, does not know --help and begins its work, is ended after this time. */
export const startSeconds = 20

export interface SourceFacts {
  version: string
  /** A commit, or what else says exactly what it is; undefined where that is not known. */
  revision?: string
  /** RFC 3339; the source's own time, so that the same source gives the same image. */
  created: string
}

export interface ImagePlan {
  labels: Record<string, string>
  env: Record<string, string>
  ports: number[]
  entrypoint: string[]
  arguments: string[]
  /** A shell command; absent where a program has no port that could answer. */
  health?: string
}

export const binFolder = "/usr/local/bin"
export const supervisorFolder = "/var/lib/pebble/default"
export const launchProgram = `${binFolder}/launch`
export const launchFile = "/usr/local/share/launch.json"
const launchEntrypoint = [launchProgram, launchFile]
export const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * For commands. Without sbin: where the engine has a company's CA, it runs an update-ca-certificates that it finds on the PATH
 * before and after every command (1.5 s); without one it lends its certificates in no time.
 */
export const plainPath = "/usr/local/bin:/usr/bin:/bin"

/** When an image's health is asked for. */
export const healthTimes = { interval: "10s", timeout: "5s", startPeriod: "60s", startInterval: "1s", retries: 3 }

export function imagePlan(catalogue: Catalogue, component: BuiltEntry, base: BaseEntry, facts: SourceFacts): ImagePlan {
  const source = sourceEntry(catalogue, component.source)
  const programs = programsOf(catalogue, component)
  const env = Object.assign({}, source.image.env, ...programs.map((entry) => entry.env), component.env)
  const labels = labelsOf(component, base, source, facts)
  if (component.kind === "program") {
    return {
      labels,
      env,
      ports: component.ports,
      entrypoint: launchEntrypoint,
      arguments: source.image.arguments,
      health: component.probe === undefined ? undefined : portProbe(base, component.probe),
    }
  }
  return {
    labels,
    env: { ...env, PEBBLE: supervisorFolder },
    ports: component.ports,
    entrypoint: launchEntrypoint,
    arguments: [],
    health: groupHealth(catalogue, component, base),
  }
}

/** The supervisor knows whether the programs stay up, the ports show that they are ready. */
export function groupHealth(catalogue: Catalogue, component: GroupEntry, base: BaseEntry): string {
  const probes = programsOf(catalogue, component)
    .map((entry) => entry.probe)
    .filter((port) => port !== undefined)
    .filter((port) => component.ports.includes(port))
    .map((port) => portProbe(base, port))
  return [`${binFolder}/pebble health`, ...probes].join(" && ")
}

export function labelsOf(
  component: ImageEntry,
  base: BaseEntry,
  source: { url: string; licenses?: string },
  facts: SourceFacts,
): Record<string, string> {
  const labels: Record<string, string> = {
    "org.opencontainers.image.title": component.image.split("/").at(-1) ?? component.name,
    "org.opencontainers.image.description": component.purpose,
    "org.opencontainers.image.source": source.url,
    ...(facts.revision === undefined ? {} : { "org.opencontainers.image.revision": facts.revision }),
    "org.opencontainers.image.version": facts.version,
    "org.opencontainers.image.created": facts.created,
    "org.opencontainers.image.base.name": base.image,
  }
  if (source.licenses !== undefined) labels["org.opencontainers.image.licenses"] = source.licenses
  return labels
}

/** Succeeds when a port of this container answers; with what the base image has, no tool is added for it. */
export function portProbe(base: BaseEntry, port: number | '"$1"'): string {
  return base.probe === "nc" ? `nc -z -w 2 127.0.0.1 ${port}` : `bash -c ': < "/dev/tcp/127.0.0.1/$0"' ${port}`
}

/** The folders that programs built from a source write. */
export function programFolders({ home, logs }: SourceImageEntry): string[] {
  return [home, logs, supervisorFolder, `${supervisorFolder}/layers`]
}

/** The user's lines in /etc/group and /etc/passwd, and the folders that belong to it. */
export function userPlan({ name, uid }: UserEntry, home: string, folders: string[], shell = noShell) {
  return { group: `${name}:x:${uid}:`, passwd: `${name}:x:${uid}:${uid}:${name}:${home}:${shell}`, folders }
}

const noShell = "/sbin/nologin"

/** Developers log in. */
export function shellOf({ development }: InstalledEntry): string {
  return development ? "/bin/bash" : noShell
}
