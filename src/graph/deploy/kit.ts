// Parts of the kit for a server: openimctl as one file, a Node for servers that have none, images, checksums.

import { type Container, type Directory, dag, type File } from "@dagger.io/dagger"
import { pinnedImage } from "../../catalogue/lookup.js"
import { ownText } from "../../catalogue/ownFiles.js"
import { layoutTool, toolPackages } from "../../plan/bundle/items.js"
import { fromFirst } from "../build/bases.js"
import { explain } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"

/** What operates the kit: a launcher for the shell, and the program behind it. */
export async function operator(settings: Settings, checkout: Directory): Promise<Directory> {
  return dag
    .directory()
    .withFile("openimctl", checkout.file("openimctl"), { permissions: 0o755 })
    .withFile("openimctl.mjs", await operatorProgram(settings, checkout), { permissions: 0o644 })
}

/** From the sources below host/, as `./daggerw` makes it in a checkout, but in one file. */
async function operatorProgram(settings: Settings, checkout: Directory): Promise<File> {
  const node = await nodeImage(settings)
  const [registry] = await settings.mirrors.of("npm")
  const made = (registry === undefined ? node : node.withEnvVariable("npm_config_registry", registry))
    .withEnvVariable("NODE_USE_SYSTEM_CA", "1")
    .withEnvVariable("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    .withMountedCache("/root/.npm", dag.cacheVolume("npm"))
    .withWorkdir("/kit/host")
    .withDirectory(".", checkout.directory("host"), { include: ["package.json", "package-lock.json"] })
    .withExec(["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"])
    .withDirectory("/kit", checkout, { include: ["host", "src"] })
    .withExec(["node", "build-openimctl.mjs", "/openimctl.mjs"])
  return explain("openimctl cannot be made", "Call again with --progress=plain to see each step.", () => made.file("/openimctl.mjs").sync())
}

/** The program alone: it needs the C and C++ libraries of the server. */
export async function kitNode(settings: Settings): Promise<File> {
  return (await nodeImage(settings)).file("/usr/local/bin/node")
}

function nodeImage(settings: Settings): Promise<Container> {
  return fromFirst(settings, [pinnedImage(settings.catalogue, "node")])
}

/** An image that others publish, as a file that loads under this name. */
export async function pulledArchive(settings: Settings, reference: string, name: string): Promise<File> {
  return namedArchive(settings, await fromFirst(settings, [reference]), name)
}

/** What Dagger exports has no name. */
export async function namedArchive(settings: Settings, image: Container, name: string): Promise<File> {
  const container = await toolbox(settings, [layoutTool], toolPackages[layoutTool])
  return container
    .withMountedFile("/given.tar", image.asTarball())
    .withExec(["bash", "-c", ownText("shell/pack-archive.sh"), "pack", name])
    .file("/image.tar")
    .sync()
}

/** With SHA256SUMS, which sha256sum -c checks. */
export async function withChecksums(settings: Settings, kit: Directory): Promise<Directory> {
  const sums = (await toolbox(settings, []))
    .withMountedDirectory("/kit", kit)
    .withWorkdir("/kit")
    .withExec(["sh", "-c", "find . -type f | LC_ALL=C sort | sed 's#^./##' | tr '\\n' '\\0' | xargs -0 sha256sum >/SHA256SUMS"])
    .file("/SHA256SUMS")
  return kit.withFile("SHA256SUMS", sums, { permissions: 0o644 })
}

/** A folder of these files. */
export function folderOf(texts: Record<string, string>): Directory {
  return Object.entries(texts).reduce((made, [name, text]) => made.withNewFile(name, text), dag.directory())
}
