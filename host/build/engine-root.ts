// The engine's root file system, put together from its parts.
import { cpSync, mkdirSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { artefact, remove, temporary } from "../cache"
import { keys } from "../keys"
import { originOf } from "../origin"
import { step } from "../progress"
import type { Origin } from "../records"
import { run } from "../run"
import { baseImages } from "./base-images"
import { buildBinaries } from "./binaries"
import { engineDebian, pack, unpack } from "./debian"
import { type Image, imageOf, layerOf } from "./oci"
import { typescriptSdk } from "./typescript-sdk"

export interface EngineParts {
  /** Archive of the Debian part. */
  debian: string
  binaries: string
  sdk: { layout: string; digest: string }
  baseImages: string
}

export const SDK_CONTENT = "/usr/local/share/dagger/content"
export const BASE_IMAGES = "/var/lib/base-images"

export async function engineParts(): Promise<EngineParts> {
  const binaries = await buildBinaries("engine")
  const debian = await engineDebian()
  const { store } = await baseImages()
  return { binaries, debian, sdk: await typescriptSdk(), baseImages: store }
}

/** The bundle that brought any of the parts. */
export const originOfParts = ({ debian, binaries, sdk, baseImages }: EngineParts): Origin | undefined =>
  [debian, binaries, sdk.layout, baseImages].map(originOf).find((origin) => origin !== undefined)

/** Where each program goes; engine/README.md says so. */
function placePrograms(binaries: string, root: string): void {
  const places = {
    "dagger-engine": "usr/local/bin/dagger-engine",
    init: "usr/local/bin/dagger-init",
    dialstdio: "usr/bin/dial-stdio",
    dnsname: "opt/cni/bin/dnsname",
  }
  for (const [program, place] of Object.entries(places)) {
    mkdirSync(dirname(join(root, place)), { recursive: true })
    cpSync(join(binaries, program), join(root, place))
  }
  // What the CLI calls to reach an engine in a container.
  symlinkSync("dial-stdio", join(root, "usr/bin/buildctl"))
}

/** As a folder, for our namespaces. Read-only: whoever runs it puts a layer over it. */
export async function engineFolder(parts: EngineParts): Promise<string> {
  return artefact(
    "engine-root",
    keys.engine(),
    async (folder) => {
      await step({ name: "engine-root", title: "Unpacking the engine's root file system", seconds: 5 }, async () => {
        await unpack([parts.debian], folder, true)
        // All in it runs as root: a setuid program would be of use to others only.
        await run(["find", folder, "-perm", "/6000", "-exec", "chmod", "u-s,g-s", "{}", "+"], { purpose: "dropping setuid bits" })
        placePrograms(parts.binaries, folder)
        mkdirSync(join(folder, SDK_CONTENT), { recursive: true })
        await run(["cp", "-a", "--reflink=auto", `${parts.sdk.layout}/.`, join(folder, SDK_CONTENT)], {
          purpose: "copying the TypeScript SDK",
        })
      })
    },
    originOfParts(parts),
  )
}

/** As an image, for a container engine. */
export async function engineImage(parts: EngineParts, blobs: string): Promise<Image> {
  const root = temporary("engine")
  mkdirSync(blobs, { recursive: true })
  const archive = join(blobs, "programs.tar")
  placePrograms(parts.binaries, root)
  cpSync(parts.sdk.layout, join(root, SDK_CONTENT), { recursive: true })
  cpSync(parts.baseImages, join(root, BASE_IMAGES), { recursive: true })
  await pack(root, archive)
  await remove(root)
  const layers = [await layerOf(parts.debian, blobs, false), await layerOf(archive, blobs, false)]
  await remove(archive)
  return imageOf(layers, {
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", `DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST=${parts.sdk.digest}`],
    Entrypoint: ["tini", "--", "engine-entrypoint"],
    Volumes: { "/var/lib/dagger": {} },
  })
}
