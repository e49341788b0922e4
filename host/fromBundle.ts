// Takes what this wrapper would make from the offline bundle that the call names. An archive is believed by its checksum only.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Problem } from "../src/base/problem"
import { fileSha256 } from "./files"
import { bundleOrigin, CHECKSUMS } from "./origin"
import { bundleDir } from "./paths"
import { step } from "./progress"
import { run } from "./run"

/** The artefacts that a bundle holds; others are put together from them. */
const BUNDLED = ["cli-binaries", "engine-binaries", "engine-debian", "base-images", "typescript-sdk"]

/** Where archives lie in a bundle. */
export const ARCHIVES = "host"

/** Does the bundle hold an engine? Then nothing is looked for on the network. */
export function bundleHasEngine(): boolean {
  return bundleOrigin() !== undefined
}

/** Is it in the bundle of this call? */
export const inBundle = (artefact: string): boolean => bundleHasEngine() && BUNDLED.includes(artefact)

/** Unpacks an artefact of the bundle into a folder. One of another version is refused. */
export async function fromBundle(artefact: string, key: string, folder: string): Promise<void> {
  if (!bundleDir) throw new Error("no bundle")
  const name = `${artefact}-${key}`
  const file = `${ARCHIVES}/${name}.tar.gz`
  const path = join(bundleDir, file)
  const expected = checksums(bundleDir).get(file)
  if (expected === undefined) {
    // What is next stands in the message: chains of attempts keep nothing else.
    throw new Problem(
      `the bundle ${bundleDir} has no ${name}: it was made by another version of this project. Use that version, or renew the bundle where there is a network: ./daggerw bundle ${bundleDir}`,
    )
  }
  await step({ name: `from-bundle-${artefact}`, title: `Taking ${name} from the bundle`, seconds: 5 }, async () => {
    const again = `copy the bundle again, or make it again where there is a network: ./daggerw bundle ${bundleDir}`
    if (!existsSync(path)) throw new Problem(`the bundle lacks ${file}: ${again}`)
    if ((await fileSha256(path)) !== expected)
      throw new Problem(`the bundle is damaged: ${file} has another checksum than ${CHECKSUMS} says: ${again}`)
    // Members are files and folders alone: no link that leads elsewhere, no device.
    const odd = await run(
      [
        "sh",
        "-c",
        'tar -tvzf "$1" | grep -v "^[-d]" | head -n 1; tar -tzf "$1" | grep -E "^/|(^|/)[.][.](/|$)" | head -n 1',
        "members",
        path,
      ],
      { env: { LC_ALL: "C" } },
    )
    if (odd.stdout.trim() !== "")
      throw new Problem(
        `the bundle's ${file} holds more than plain files: ${odd.stdout.trim().slice(0, 200)}. ./daggerw bundle never makes such an archive: take another bundle`,
      )
    await run(["tar", "-xzof", path, "-C", folder], { purpose: `unpacking ${path}` })
    await run(["chmod", "-R", "u-s,g-s", folder])
  })
}

/** A list as sha256sum writes it. */
export function checksums(folder: string, list = CHECKSUMS): Map<string, string> {
  const path = join(folder, list)
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : []
  return new Map(lines.flatMap((line) => (line.length > 66 ? [[line.slice(66), line.slice(0, 64)] as const] : [])))
}
