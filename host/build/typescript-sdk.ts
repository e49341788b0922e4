// The engine's built-in TypeScript SDK: an OCI layout with one image, which holds the SDK's module in /runtime and the root file
// system it works in as /rootfs (engine/README.md has the contents).
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { artefact, remove, temporary } from "../cache"
import { keys } from "../keys"
import { projectDir, recipeDir } from "../paths"
import { step } from "../progress"
import { baseImages } from "./base-images"
import { buildBinaries } from "./binaries"
import { pack, unpack } from "./debian"
import { npmCi, npmRegistry } from "./npm"
import { imageOf, layerOf, writeLayout } from "./oci"

export interface SdkContent {
  /** The OCI layout. */
  layout: string
  digest: string
}

export async function typescriptSdk(): Promise<SdkContent> {
  const folder = await artefact("typescript-sdk", keys.sdk(), make)
  return { layout: join(folder, "content"), digest: readFileSync(join(folder, "digest"), "utf8").trim() }
}

async function make(folder: string): Promise<void> {
  const source = join(recipeDir, "typescript-sdk")
  const binaries = await buildBinaries("engine")
  const { nodeLayers } = await baseImages()
  const packages = await npmCi(source, "Fetching the TypeScript SDK", "sdk-npm")
  const seed = await moduleSeed()
  await step({ name: "sdk-image", title: "Packing the TypeScript SDK", seconds: 15 }, async () => {
    const root = temporary("sdk")
    const sdk = join(root, "rootfs", "opt", "dagger-sdk")
    mkdirSync(join(root, "rootfs"))
    await unpack(nodeLayers, join(root, "rootfs"), false)
    mkdirSync(sdk, { recursive: true })
    cpSync(join(source, "lib"), join(sdk, "lib"), { recursive: true })
    for (const name of ["package.json", "package-lock.json"]) cpSync(join(source, name), join(sdk, name))
    renameSync(join(packages, "node_modules"), join(sdk, "node_modules"))
    renameSync(seed, join(sdk, "npm"))
    cpSync(join(binaries, "codegen"), join(root, "rootfs", "usr", "local", "bin", "codegen"))
    cpSync(join(source, "runtime"), join(root, "runtime"), { recursive: true })
    const work = temporary("sdk-image")
    await pack(root, join(work, "layer.tar"))
    // Not compressed: it is read once, from the same disk.
    const image = imageOf([await layerOf(join(work, "layer.tar"), join(work, "blobs"), false)], {})
    writeLayout(image, join(folder, "content"))
    writeFileSync(join(folder, "digest"), `${image.digest}\n`)
    for (const left of [root, work, packages]) await remove(left)
  })
}

/** The packages of this project's module as an npm cache, for install-packages. */
async function moduleSeed(): Promise<string> {
  const seed = temporary("sdk-seed")
  const cache = join(seed, "cache")
  await remove(await npmCi(projectDir, "Fetching the module's packages", "sdk-seed", cache))
  // Logs and the like: of this run, not of the packages.
  for (const name of readdirSync(cache)) if (name !== "_cacache") await remove(join(cache, name))
  writeFileSync(join(seed, "registry"), `${await npmRegistry()}\n`)
  return seed
}
