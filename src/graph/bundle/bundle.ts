// An offline bundle: a folder that holds all that builds take from outside. items/NAME.json says what an item is, items/NAME.sha256
// lists its files, and that one, as sha256sum reads it, so that bundles are merged by copying one over the other.
//   images/NAME.tar        an OCI archive; NAME.manifest.json is the registry's own manifest of one that was pulled
//   packages/NAME/         a repository of the distribution's own kind with just these packages
//   maven/ and the like    what toolchains read, each in its own form
//   archives/              downloads under their own names
//   needed/NAME.txt        the items that a call of prewarm wanted
//   host/                  CLI, engine and Node: of ./daggerw alone, which checks them itself

import { mkdtemp, open, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Container, type Directory, dag } from "@dagger.io/dagger"
import { entryOf, pairs } from "../../base/entries.js"
import { Problem } from "../../base/problem.js"
import { sourceEntry } from "../../catalogue/lookup.js"
import { ownText } from "../../catalogue/ownFiles.js"
import type { Catalogue } from "../../catalogue/types.js"
import { itemName, itemTitle, missingItems, readBundleRecord, shortName } from "../../plan/bundle/items.js"
import type { BundleItem } from "../../plan/bundle/types.js"
import type { BundledImage } from "../../plan/images/baseImages.js"
import { checkArchive, platformDigest, topFiles } from "../../plan/images/pulledImages.js"
import { helperToolchain } from "../../plan/toolchains/helpers.js"
import { toolchainOf } from "../../plan/toolchains/toolchains.js"
import { tailOf } from "../call/failures.js"
import { type Bundle, type PulledImage, platform } from "../call/settings.js"

/** Reads what is in a bundle. Whether the files are what they should be is for checkNeeds to see. */
export async function readBundle(directory: Directory): Promise<Bundle> {
  const files = await directory.glob("items/*.json")
  if (files.length === 0) {
    throw new Problem(
      "--bundle: this folder is not an offline bundle (no items/*.json), see docs/offline.md",
      "make one where there is a network: ./daggerw call prewarm export --path=BUNDLE",
    )
  }
  const names = files.map((file) => file.replace(/^items\//, "").replace(/\.json$/, ""))
  const texts = await Promise.all(files.map((file) => directory.file(file).contents()))
  return { directory, records: Object.fromEntries(pairs(names, texts).map(([name, text]) => [name, readBundleRecord(name, text)])) }
}

/** Where a bundle, or a part of it, is while a command needs it. */
export const mounted = "/tmp/bundle"

interface DamagedFile {
  file: string
  /** The name of the item that it is of. */
  item: string
}

/** Every file that is not as it was, asked in a container that has sha256sum. */
export async function damagedFiles(runner: Container, { directory, records }: Bundle): Promise<DamagedFile[]> {
  const counts = Object.entries(records).map(([name, { files }]) => `${name}=${files}`)
  const checked = runner
    .withMountedDirectory(mounted, directory)
    .withWorkdir(mounted)
    .withExec(["sh", "-c", ownText("shell/check-bundle.sh"), "check", ...counts])
  const lines = (await checked.stdout())
    .trim()
    .split("\n")
    .filter((line) => line !== "")
  return lines.map((line) => {
    const [file = "", item = ""] = line.split("\t")
    return { file, item }
  })
}

/** Names of programs and folders of this project change with what says what they take. */
export async function nameOf(catalogue: Catalogue, item: BundleItem): Promise<string> {
  const source = dag.currentModule().source()
  const texts = (paths: string[]) =>
    Promise.all(
      paths.map((path) =>
        source
          .file(path)
          .contents()
          .catch(() => ""),
      ),
    )
  if (item.kind === "helper")
    return itemName(
      catalogue,
      item,
      (await texts(helperToolchain.lockFiles.map((file) => `${helperToolchain.helperFolder(item.helper)}/${file}`))).join("\n"),
    )
  if (item.kind === "source") {
    const entry = sourceEntry(catalogue, item.source)
    const files = entry.folder === undefined ? [] : toolchainOf(entry).lockFiles.map((file) => `${entry.folder}/${file}`)
    return itemName(catalogue, item, (await texts(files)).join("\n"))
  }
  if (item.kind === "java")
    return itemName(catalogue, item, (await texts([`java/${item.java}/pom.xml`, `java/${item.java}/libs.sha256`])).join("\n"))
  return itemName(catalogue, item)
}

/** One that came from a registry must be the one that its digest names: what the record says is not believed. */
export async function bundledImage(bundle: Bundle, references: string[]): Promise<PulledImage> {
  const { directory, records } = bundle
  const wanted = references.map(shortName)
  const [name, record] =
    Object.entries(records).find(([, { kind, reference }]) => kind === "image" && wanted.includes(shortName(reference ?? ""))) ?? []
  if (name === undefined || record?.reference === undefined) {
    throw missingItems(
      [`image ${wanted[0]}`],
      Object.values(records).flatMap(({ kind, title }) => (kind === "image" ? [title] : [])),
    )
  }
  if (record.pulled) await provenImage(bundle, name)
  const archive = directory.file(`images/${name}.tar`)
  return { container: dag.container({ platform }).import_(archive), reference: record.reference }
}

const proven = new WeakMap<Bundle, Map<string, Promise<void>>>()

/** Once a call: the archive is read here, by nothing that came in the bundle. */
export function provenImage(bundle: Bundle, name: string): Promise<void> {
  const known = proven.get(bundle) ?? new Map<string, Promise<void>>()
  proven.set(bundle, known)
  const proof = known.get(name) ?? proveImage(bundle, name)
  known.set(name, proof)
  return proof
}

async function proveImage({ directory, records }: Bundle, name: string): Promise<void> {
  const { reference = "", title } = entryOf("item of the bundle", records, name)
  const folder = await mkdtemp(join(tmpdir(), "bundle-"))
  try {
    const manifest = await directory.file(`images/${name}.manifest.json`).contents()
    const digest = platformDigest(manifest, reference.slice(reference.indexOf("@") + 1))
    await directory.file(`images/${name}.tar`).export(join(folder, "image.tar"))
    const file = await open(join(folder, "image.tar"))
    try {
      const read = async (offset: number, length: number) => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
        return buffer.subarray(0, bytesRead)
      }
      checkArchive(await topFiles(read), digest)
    } finally {
      await file.close()
    }
  } catch (error) {
    const next = "copy the bundle again, or ./daggerw call --bundle=BUNDLE prewarm --renew export --path=BUNDLE where there is a network"
    throw new Problem(`the bundle's ${title} is not ${reference}: ${tailOf(error, 1)}`, next)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** All images of a bundle by their names. */
export function bundledImages({ records }: Bundle): Record<string, BundledImage> {
  const found = Object.values(records).flatMap(({ reference, bytes }) =>
    reference === undefined ? [] : [[...reference.split("@"), bytes] as const],
  )
  return Object.fromEntries(found.map(([name, digest, size]) => [name, { digest, size } as BundledImage]))
}

/** The repository of just these packages; an empty folder where the image has them all. */
export async function bundledPackages(catalogue: Catalogue, { directory, records }: Bundle, item: BundleItem): Promise<Directory> {
  const name = await nameOf(catalogue, item)
  if (!Object.hasOwn(records, name)) {
    throw missingItems(
      [itemTitle(catalogue, item)],
      Object.values(records).flatMap(({ kind, title }) => (kind === item.kind ? [title] : [])),
    )
  }
  return Object.keys(records[name]?.packages ?? {}).length === 0 ? dag.directory() : directory.directory(`packages/${name}`)
}
