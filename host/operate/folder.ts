// The folder of a deployment: the kit's files, and beside them what the user and this program keep.
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { homedir, userInfo } from "node:os"
import { join, resolve } from "node:path"
import { Problem } from "../../src/base/problem"
import { parseEnv } from "../../src/plan/deploy/envFile"
import type { Deployment } from "../../src/plan/deploy/model"
import { effectiveSettings, secretValues } from "../../src/plan/deploy/settings"
import { readJson, writeJson } from "../files"
import { hide } from "./print"

const COMPOSE_FILE = "docker-compose.prod.yml"
const KNOWN_FORMAT = 1

export interface Folder {
  path: string
  deployment: Deployment
  composeFile: string
  env: string
  secrets: string
  tls: string
  authority: string
  images: string
  /** What this program keeps: lock, history, state. */
  own: string
}

/** What was deployed last. */
export interface State {
  format: number
  release: string
  profiles: string[]
  /** Service → how many. */
  scale: Record<string, number>
  /** Service → a hash of its secrets and files. */
  files: Record<string, string>
  /** Service → compose's hash of its description. The one that a container has leaves out what it depends on. */
  hashes: Record<string, string>
  /** Service → the version of its image that was healthy last. */
  versions: Record<string, string>
  /** Volume/setting → a hash of the value that it was made with. */
  madeWith: Record<string, string>
}

/** The folder that was named, or the current one, or the one beside the program. */
export function openFolder(named: string | undefined, fallback: string): Folder {
  const path = resolve(named?.replace(/^~(?=\/|$)/, homedir()) ?? (existsSync(COMPOSE_FILE) ? "." : fallback))
  const composeFile = join(path, COMPOSE_FILE)
  const description = join(path, "deployment.json")
  for (const file of [composeFile, description])
    if (!existsSync(file))
      throw new Problem(`${file} is missing: ${path} is not the folder of a kit`, "run it in the kit's folder, or name that: --folder=PATH")
  const deployment = readJson<Deployment>(description)
  if (!deployment?.services) throw new Problem(`${description} is damaged`, "unpack the kit again: it changes nothing of yours")
  if (deployment.format > KNOWN_FORMAT)
    throw new Problem(
      `${description} is of a newer kit (format ${deployment.format}, this openimctl knows ${KNOWN_FORMAT})`,
      "use the openimctl of that kit",
    )
  return {
    path,
    deployment,
    composeFile,
    env: join(path, ".env"),
    secrets: join(path, "secrets"),
    tls: join(path, "tls"),
    authority: join(path, "ca"),
    images: join(path, "images"),
    own: join(path, ".openimctl"),
  }
}

/** The folder for what this program keeps; nobody else reads it. */
export function makeOwn({ own, path }: Folder): void {
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Problem(
      `${own} cannot be made: ${(error as Error).message}`,
      `run it as the user who owns ${path}, or give yourself the right to write there`,
    )
  }
}

export const stateFile = ({ own }: Folder): string => join(own, "state.json")

export function readState(folder: Folder): State {
  const empty: State = { format: 1, release: "", profiles: [], scale: {}, files: {}, hashes: {}, versions: {}, madeWith: {} }
  const found = readJson<State>(stateFile(folder))
  if (found && found.format > 1)
    throw new Problem(
      `${stateFile(folder)} is of a newer openimctl`,
      "use the openimctl of the newer kit, or remove that file if the newer kit is gone for good",
    )
  return { ...empty, ...found }
}

export function writeState(folder: Folder, state: State): void {
  makeOwn(folder)
  writeJson(stateFile(folder), state)
}

/** The text of .env; undefined where there is none. */
export function readEnv({ env }: Folder): string | undefined {
  if (!existsSync(env)) return undefined
  try {
    return readFileSync(env, "utf8")
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Problem(
      code === "EISDIR" ? `${env} is a folder, not a file` : `${env} cannot be read (${code})`,
      code === "EISDIR" ? "remove it" : `run it as the user who owns the file, or: chown ${userInfo().username} ${env}`,
    )
  }
}

/** The settings as the services get them; a call that needs .env says how it is made. */
export function settingsOf(folder: Folder, content?: string): Record<string, string> {
  const text = content ?? readEnv(folder)
  if (text === undefined)
    throw new Problem(`${folder.env} is missing: nothing was deployed from this folder yet`, "openimctl deploy makes it")
  const file = parseEnv(text)
  hide(secretValues(folder.deployment, text))
  return {
    ...Object.fromEntries(file.entries.map(({ key, text }) => [key, text])),
    ...Object.fromEntries([...effectiveSettings(folder.deployment, file)].map(([name, { value }]) => [name, value])),
  }
}

/** The compose project's name: by it this deployment's containers and volumes are found. */
export function projectName(folder: Folder, settings: Record<string, string> | undefined): string {
  return settings?.["COMPOSE_PROJECT_NAME"] || folder.deployment.project
}

/** Archives and their checksums, where the kit has them. */
export function imageArchives({ images }: Folder): string[] {
  if (!existsSync(images)) return []
  return readdirSync(images)
    .filter((name) => /\.tar(\.gz|\.zst)?$/.test(name))
    .sort()
}

export const whoami = (): string => {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? "unknown")
  }
}
