// The files of a kit: what an update replaces, and what is kept of earlier ones so that they can come back.
import { createHash } from "node:crypto"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { dirname, join, relative } from "node:path"
import { Problem } from "../../src/base/problem"
import { shortTime } from "../../src/base/times"
import { readJson, writeJson } from "../files"
import { type Folder, makeOwn } from "./folder"

/** As many earlier ones are kept. */
const KEPT = 5

/** The checksums of a folder, as sha256sum reads them. */
const LIST = "SHA256SUMS"

const monitoring = ["prometheus.yml", "rules.yml", "alertmanager.yml"].map((name) => `monitoring/${name}`)
/** What a folder without a list of checksums, such as a checkout's, has of a kit. */
const WITHOUT_LIST = ["docker-compose.prod.yml", "env.template", "haproxy.cfg", "deployment.json", "README.md", ...monitoring]

/** What decides how a stack runs. */
const DECIDING = ["docker-compose.prod.yml", "deployment.json", "haproxy.cfg"]

/** What names the images. */
const TEXTS = ["docker-compose.prod.yml", "env.template", "deployment.json", "README.md"]

export interface Release {
  /** The name of its folder. */
  id: string
  release: string
  /** When another one took its place. */
  replaced: string
}

const releasesFolder = ({ own }: Folder): string => join(own, "releases")

/** File → its checksum, as the list of this folder has them; empty where there is no list. */
export function listedSums(path: string): Map<string, string> {
  const list = join(path, LIST)
  if (!existsSync(list)) return new Map()
  return new Map(
    readFileSync(list, "utf8")
      .split("\n")
      .flatMap((line): [string, string][] => {
        const [, sum, file] = /^([0-9a-f]{64}) [ *](?:\.\/)?(\S.*)$/.exec(line.trim()) ?? []
        return sum === undefined || file === undefined ? [] : [[file, sum]]
      }),
  )
}

/** The kit's own files below a folder: not its images, and nothing of the user's. */
export function kitFiles(path: string): string[] {
  if (!existsSync(join(path, LIST))) return [...WITHOUT_LIST.filter((name) => existsSync(join(path, name))), ...serviceFiles(path)]
  return [
    ...[...listedSums(path).keys()].filter(
      (name) => !name.startsWith("images/") && !name.split("/").includes("..") && !name.startsWith("/"),
    ),
    LIST,
  ]
}

/** Configuration files of services, which the compose file mounts. */
function serviceFiles(path: string): string[] {
  const folder = join(path, "files")
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort()
}

/** Those without its Node, which is large: any newer one will do. */
const lightFiles = (path: string): string[] => kitFiles(path).filter((name) => !name.startsWith("node/"))

/** The same for the same kit, whatever folder it is in. */
export function kitId(path: string): string {
  const hash = createHash("sha256")
  for (const name of [...DECIDING, ...serviceFiles(path)]) {
    const file = join(path, name)
    hash.update(`${name}\0`).update(existsSync(file) ? readFileSync(file) : "")
  }
  return hash.digest("hex").slice(0, 8)
}

/** Copies the files of this kit aside. */
export function keepRelease(folder: Folder): Release {
  const { release } = folder.deployment
  const kept: Release = {
    id: `${release.toLowerCase().replace(/[^a-z0-9.]+/g, "-")}-${kitId(folder.path)}`,
    release,
    replaced: shortTime(Date.now()),
  }
  makeOwn(folder)
  const target = join(releasesFolder(folder), kept.id)
  const aside = `${target}.part`
  rmSync(aside, { recursive: true, force: true })
  for (const name of lightFiles(folder.path)) copy(join(folder.path, name), join(aside, name))
  writeJson(join(aside, "release.json"), kept)
  rmSync(target, { recursive: true, force: true })
  renameSync(aside, target)
  for (const { id } of releases(folder).slice(KEPT)) rmSync(join(releasesFolder(folder), id), { recursive: true, force: true })
  return kept
}

/** Earlier kits, the newest first. */
export function releases(folder: Folder): Release[] {
  const path = releasesFolder(folder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .flatMap((name) => readJson<Release>(join(path, name, "release.json")) ?? [])
    .sort((one, other) => (one.replaced < other.replaced ? 1 : -1))
}

export const releasePath = (folder: Folder, id: string): string => join(releasesFolder(folder), id)

/** Puts the files of another kit in the place of this one's. The user's files and the images stay. */
export function installKit(folder: Folder, source: string): void {
  const before = kitFiles(folder.path)
  const wanted = kitFiles(source).filter((name) => existsSync(join(source, name)))
  for (const name of wanted) copy(join(source, name), join(folder.path, name))
  // The list last: until then, the next call sees an unfinished update.
  for (const name of before)
    if (!wanted.includes(name) && !name.startsWith("node/") && name !== LIST) rmSync(join(folder.path, name), { force: true })
  if (!wanted.includes(LIST)) rmSync(join(folder.path, LIST), { force: true })
}

/** The files of this kit with other texts in some, in an empty folder; the list of checksums follows. */
export function kitWith(folder: Folder, target: string, changed: (name: string, text: string) => string): void {
  const names = lightFiles(folder.path).filter((name) => existsSync(join(folder.path, name)))
  for (const name of names) copy(join(folder.path, name), join(target, name))
  const sums = listedSums(folder.path)
  for (const name of TEXTS.filter((name) => names.includes(name))) {
    const text = changed(name, readFileSync(join(target, name), "utf8"))
    writeFileSync(join(target, name), text)
    if (sums.has(name)) sums.set(name, createHash("sha256").update(text).digest("hex"))
  }
  if (sums.size > 0) writeFileSync(join(target, LIST), [...sums].map(([name, sum]) => `${sum}  ${name}\n`).join(""))
}

/** Aside and renamed: a program that runs keeps its old file. */
function copy(from: string, to: string): void {
  try {
    mkdirSync(dirname(to), { recursive: true })
    const aside = `${to}.${process.pid}`
    copyFileSync(from, aside)
    chmodSync(aside, statSync(from).mode & 0o777)
    renameSync(aside, to)
  } catch (error) {
    throw new Problem(`${to} cannot be written: ${(error as Error).message}`, "free some space, or run it as the user who owns the folder")
  }
}

/** The kit's own files that are not the same in two folders. */
export function differingFiles(one: string, other: string): string[] {
  const content = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "base64") : undefined)
  return lightFiles(other).filter((name) => content(join(one, name)) !== content(join(other, name)))
}
