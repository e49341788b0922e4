// The images of the services: there, loaded from the kit's archives, or pulled. All of them before anything is stopped.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { once } from "../../src/base/once"
import { Problem } from "../../src/base/problem"
import type { ImageFact } from "../../src/plan/deploy/preflight"
import { accessTo, type DaemonInfo } from "../../src/plan/deploy/registryAccess"
import type { Diagnostic } from "../../src/plan/deploy/settings"
import { servicesOf } from "../../src/plan/deploy/stages"
import { fileSha256 } from "../files"
import { attempt } from "../run"
import type { Site } from "./engine"
import { type Folder, imageArchives } from "./folder"
import { say } from "./print"
import { listedSums } from "./releases"

/** docker.io/library/x:latest, however it was written. */
export function fullName(image: string): string {
  const [first = "", ...rest] = image.split("/")
  const hosted = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const [host, name] = hosted ? [first, rest.join("/")] : ["docker.io", image]
  const path = `${host}/${host === "docker.io" && !name.includes("/") ? "library/" : ""}${name}`
  return /[:@][^/]*$/.test(path) ? path : `${path}:latest`
}

const repositoryOf = (image: string): string =>
  fullName(image)
    .replace(/@.*$/, "")
    .replace(/:[^/:]*$/, "")
const lastPart = (image: string): string => repositoryOf(image).split("/").at(-1) ?? ""

/** Image → the services that use it. */
export function wantedImages(site: Site, profiles: string[]): Map<string, string[]> {
  const images = new Map<string, string[]>()
  for (const service of servicesOf(site.folder.deployment, profiles)) {
    // As compose does: one that may stay empty has a name that cannot be pulled.
    const expected = site.folder.deployment.settings.find(({ name }) => name === service.imageSetting)?.expected
    const image = site.settings[service.imageSetting] || expected
    if (image) images.set(image, [...(images.get(image) ?? []), service.name])
  }
  return images
}

/** What is known of each image, with questions to this machine only, or to the registry too. */
export function imageFacts(site: Site, profiles: string[], registry: boolean): Promise<ImageFact[]> {
  return imageFactsOf(site, wantedImages(site, profiles), registry)
}

/** The same for some images, and what uses them. */
export async function imageFactsOf(site: Site, wanted: Map<string, string[]>, registry: boolean): Promise<ImageFact[]> {
  const present = await presentImages(site, [...wanted.keys()])
  const missing = [...wanted.keys()].filter((image) => !present.has(image))
  const archives = missing.length > 0 ? await archiveNames(site) : new Map<string, string[]>()
  const info = once(daemonInfo)
  return Promise.all(
    [...wanted].map(async ([image, services]): Promise<ImageFact> => {
      const there = present.get(image)
      if (there) return { image, services, state: "present", architecture: there.architecture }
      const archive = archiveFor(image, archives)
      if (archive) return { image, services, state: "archive", detail: archive }
      if (!registry) return { image, services, state: "missing", detail: "not on this machine" }
      const refusal = site.engine.name === "docker" ? await registryRefusal(image, await info()) : undefined
      return {
        image,
        services,
        state: refusal === undefined ? "registry" : "missing",
        ...(refusal === undefined ? {} : { detail: refusal }),
      }
    }),
  )
}

export async function presentImages(site: Site, images: string[]): Promise<Map<string, { id: string; architecture: string }>> {
  if (images.length === 0) return new Map()
  const format = "{{.Id}} {{.Architecture}}"
  const answers = await Promise.all(
    images.map((image) => attempt([site.engine.name, "image", "inspect", "--format", format, image], { limitSeconds: 60 })),
  )
  return new Map(
    answers.flatMap(({ code, stdout }, at) => {
      const [id = "", architecture = ""] = stdout.trim().split(" ")
      return code === 0 && images[at] ? [[images[at], { id: id.replace(/^sha256:/, ""), architecture }] as const] : []
    }),
  )
}

/** Archive → the names of the images in it. */
async function archiveNames(site: Site): Promise<Map<string, string[]>> {
  const archives = imageArchives(site.folder)
  const names = await Promise.all(
    archives.map(async (file) => {
      const found = await attempt(["tar", "-xOf", join(site.folder.images, file), "manifest.json"], { limitSeconds: 60 })
      try {
        return (JSON.parse(found.stdout) as { RepoTags?: string[] | null }[]).flatMap(({ RepoTags }) => RepoTags ?? [])
      } catch {
        return []
      }
    }),
  )
  return new Map(archives.map((file, at) => [file, names[at] ?? []]))
}

/**
 * By its full name; else, since an archive may have been made without the version, by its repository or the file's name. One with a
 * version does not stand in for another one.
 */
function archiveFor(image: string, archives: Map<string, string[]>): string | undefined {
  const all = [...archives]
  const exact = all.find(([, names]) => names.some((name) => fullName(name) === fullName(image)))
  const version = fullName(image).replace(/^.*:/, "")
  const near =
    exact ??
    all.find(
      ([, names]) => names.some((name) => lastPart(name) === lastPart(image)) && names.every((name) => /:latest$/.test(fullName(name))),
    ) ??
    all.find(
      ([file, names]) =>
        names.length === 0 && (file.startsWith(`${lastPart(image)}.`) || file.startsWith(`${lastPart(image)}-${version}.`)),
    )
  return near?.[0]
}

async function daemonInfo(): Promise<DaemonInfo> {
  const { stdout } = await attempt(["docker", "info", "--format", "{{json .}}"], { limitSeconds: 30 })
  try {
    return JSON.parse(stdout) as DaemonInfo
  } catch {
    return {}
  }
}

/** Why the registry does not have it; undefined where it has, or where only pulling can show it. The one who asks is not the daemon. */
async function registryRefusal(image: string, info: DaemonInfo): Promise<string | undefined> {
  const [registry = ""] = fullName(image).split("/")
  const { insecure, detour } = accessTo(registry, info)
  const asked = await attempt(["docker", "manifest", "inspect", ...(insecure ? ["--insecure"] : []), image], {
    limitSeconds: 60,
    env: { DOCKER_CLI_EXPERIMENTAL: "enabled" },
  }).catch((error: Error) => ({ code: 1, tail: error.message }))
  if (asked.code === 0) return undefined
  const words = lastWords(asked.tail, 1)
  if (/no such manifest|manifest unknown|not found|denied|unauthorized/i.test(words)) return `the registry says: ${words}`
  if (
    /no such host|i\/o timeout|network is unreachable|connection refused|no result within|server misbehaving|deadline exceeded|no route/i.test(
      words,
    )
  )
    return detour ? undefined : `the registry cannot be reached: ${words}`
  return undefined
}

/** File of the kit → its checksum, as the kit's lists have them. */
function checksums({ images, path }: Folder): Map<string, string> {
  const inImages = [...listedSums(images)].map(([file, sum]) => [`images/${file}`, sum] as const)
  return new Map([...listedSums(path), ...inImages])
}

/** Files of the kit that are not as it brought them; archives are compared when they are loaded. */
export async function damagedFiles(folder: Folder): Promise<Diagnostic[]> {
  const listed = [...checksums(folder)].filter(([file]) => !file.startsWith("images/") && !file.startsWith("node/"))
  const found = await Promise.all(
    listed.map(async ([file, sum]): Promise<Diagnostic[]> => {
      const path = join(folder.path, file)
      const there = existsSync(path)
      if (there && (await fileSha256(path)) === sum) return []
      return [
        {
          severity: "warning",
          code: "kit",
          subject: file,
          message: there ? `${file} is not as the kit brought it` : `${file} of the kit is missing`,
          next: "unpack the kit again, unless you changed it yourself",
        },
      ]
    }),
  )
  return found.flat()
}

/** Compares the archives with SHA256SUMS before one of them is loaded. */
async function checkedArchives({ folder }: Site, files: string[]): Promise<void> {
  const sums = checksums(folder)
  for (const file of files) {
    const sum = sums.get(`images/${file}`)
    if (!sum) throw new Problem(`images/${file} is not in SHA256SUMS, so it cannot be checked`, "copy the kit again")
    if ((await fileSha256(join(folder.images, file))) !== sum)
      throw new Problem(`images/${file} is damaged: its checksum is not the one in SHA256SUMS`, "copy the kit again; nothing was started")
  }
}

/** Loads and pulls what is missing; answers how many of each. */
export async function provideImages(site: Site, facts: ImageFact[]): Promise<{ loaded: number; pulled: number }> {
  const archives = [...new Set(facts.filter(({ state }) => state === "archive").map(({ detail }) => detail ?? ""))]
  await checkedArchives(site, archives)
  const total = archives.length + facts.filter(({ state }) => state === "registry").length
  let count = 0
  for (const file of archives) {
    say(`image ${++count} of ${total}: loading images/${file}`)
    const done = await attempt([site.engine.name, "load", "-i", join(site.folder.images, file)], { limitSeconds: 1800 })
    if (done.code !== 0) throw imageProblem(`images/${file} could not be loaded`, done.tail)
    const loaded = [...done.stdout.matchAll(/Loaded image(?: ID|\(s\))?: *(\S+)/g)].map(([, name]) => name!.replace(/,$/, ""))
    for (const { image, detail } of facts) {
      if (detail !== file || loaded.some((name) => fullName(name) === fullName(image))) continue
      const source = loaded.find((name) => lastPart(name) === lastPart(image)) ?? loaded[0]
      if (!source)
        throw new Problem(
          `images/${file} was loaded, but ${site.engine.name} did not say under which name`,
          `try: ${site.engine.name} load -i images/${file}`,
        )
      const tagged = await attempt([site.engine.name, "tag", source, image])
      if (tagged.code !== 0) throw imageProblem(`${image} could not be named`, tagged.tail)
    }
  }
  for (const { image, state } of facts) {
    if (state !== "registry") continue
    say(`image ${++count} of ${total}: pulling ${image}`)
    let last = ""
    const done = await attempt([site.engine.name, "pull", "-q", image], { limitSeconds: 3600, onLine: (line) => (last = line) })
    if (done.code !== 0) throw imageProblem(`${image} could not be pulled`, done.tail || last)
  }
  return { loaded: archives.length, pulled: total - archives.length }
}

function imageProblem(what: string, words: string): Problem {
  const next = /no space left|disk quota/i.test(words)
    ? "free some space (docker system df shows what is used), then run the same command again: images that are loaded stay"
    : /no matching manifest|platform/i.test(words)
      ? "the registry has no image for this machine's architecture: set another one in .env"
      : "check the registry and the network, then run the same command again: images that are there stay; nothing was stopped"
  return new Problem(`${what}: ${lastWords(words, 2)}`, next)
}
