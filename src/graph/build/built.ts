// What a call has made, said in its log.

import type { Directory } from "@dagger.io/dagger"
import { archiveNames, builtArchiveWords, builtImageWords, builtProgramsWords } from "../../plan/build/built.js"
import { imageOf } from "../../plan/build/components.js"
import { pinnedVersion } from "../../plan/publish/publishedAs.js"
import { log, type Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"
import type { BuildRequest } from "./components.js"
import type { BuiltImage, Layout } from "./layouts.js"

/** A build does not fail for a size that cannot be found, as with a bundle that has nothing to look with. */
export async function sayImage(settings: Settings, request: BuildRequest, image: BuiltImage): Promise<void> {
  const [version, megabytes] = await Promise.all([versionOf(image), sizeOf(settings, image).catch(() => undefined)])
  const words = {
    component: request.component,
    image: imageOf(settings.catalogue, request.component).image,
    version,
    base: image.base.reference,
    megabytes,
  }
  builtImageWords(words).forEach(show)
}

async function sizeOf(settings: Settings, { container }: BuiltImage): Promise<number> {
  const runner = (await toolbox(settings, [])).withMountedDirectory("/image", container.rootfs())
  return Number((await runner.withExec(["du", "-s", "--block-size=1000000", "/image"]).stdout()).split(/\s/)[0])
}

export async function sayPrograms({ component }: BuildRequest, programs: Directory): Promise<void> {
  builtProgramsWords(component, await programs.entries()).forEach(show)
}

/** Gives the names of the image in its archive. */
export async function sayArchive({ catalogue }: Settings, component: string, image: BuiltImage, layout: Layout): Promise<string[]> {
  const entry = imageOf(catalogue, component)
  const names = archiveNames(entry.image, await versionOf(image), pinnedVersion(catalogue, entry))
  builtArchiveWords(names, layout.digest).forEach(show)
  return names
}

const versionOf = ({ container }: BuiltImage): Promise<string> => container.label("org.opencontainers.image.version")

/**
 * A terminal hides the log of what went well, but shows spans that ask for it. Without telemetry, and with --progress=logs, the log is
 * all there is.
 */
function show(line: string): void {
  log(line)
  const api = (globalThis as { [key: symbol]: Telemetry | undefined })[Symbol.for("opentelemetry.js.api.1")]
  api?.trace
    ?.getTracer("openim")
    .startSpan(line.trim(), { attributes: { "dagger.io/ui.reveal": true } })
    .end()
}

/** What the SDK registers for everybody in its process. */
interface Telemetry {
  trace?: { getTracer(name: string): { startSpan(name: string, options: { attributes: Record<string, boolean> }): { end(): void } } }
}
