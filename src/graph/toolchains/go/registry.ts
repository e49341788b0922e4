// Go modules as sources: the module proxy has them, with their versions and checksums.

import { dag, ReturnType } from "@dagger.io/dagger"
import { limited } from "../../../base/attempts.js"
import { shortTime } from "../../../base/times.js"
import { type GoModuleAnswer, readModuleVersions } from "../../../plan/toolchains/go/answers.js"
import { moduleFile } from "../../../plan/toolchains/go/sources.js"
import { goVersionOf } from "../../../plan/toolchains/go/version.js"
import { unknownTime } from "../../build/foundSource.js"
import { tailOf } from "../../call/failures.js"
import { answer, oneLine, timedOut, limited as withLimit } from "../../versions/answers.js"
import type { SourceRegistry } from "../toolchain.js"
import { goToolchain } from "./container.js"
import { goproxyOf } from "./proxy.js"
import { fetchModule } from "./sources.js"

const title: SourceRegistry["title"] = ({ module }) => `Go module ${module}`

const fetch: SourceRegistry["fetch"] = async (settings, entry, version, pin) => {
  if (pin !== undefined && pin.sum === undefined) throw new Error(`versions.yaml pins ${version} without the checksum of a module`)
  const go = await goToolchain(settings)
  try {
    const fetched = await fetchModule(go.container, entry.module, version, pin?.sum).directory("/module").sync()
    const info = pin === undefined ? JSON.parse(await fetched.file("info.json").contents()) : undefined
    const facts = {
      version,
      revision: pin?.commit ?? info.Origin?.Hash,
      created: pin?.created ?? info.Time ?? unknownTime,
    }
    return { directory: fetched.directory("source"), facts, origin: `Go module ${version}`, plainModes: true }
  } catch (error) {
    throw new Error(tailOf(error, 2))
  }
}

/** One small file from the module proxy. */
const versionOf: SourceRegistry["versionOf"] = async (settings, { module }, version) => {
  const address = moduleFile((await goproxyOf(settings)) ?? process.env.GOPROXY, module, version)
  return goVersionOf(await limited({ limitSeconds: 20, run: () => dag.http(address).contents() }))
}

/** Its own module cache: the shared one answers for what the proxy no longer says. */
const asking: SourceRegistry["asking"] = async (settings) => {
  return (await goToolchain(settings)).container.withEnvVariable("GOMODCACHE", "/tmp/modules").withWorkdir("/tmp")
}

/** Of the pinned version the proxy also says the commit; it may no longer have that version. */
const versions: SourceRegistry["versions"] = async (go, module, pinned) => {
  const query = `${module}@${pinned}`
  const list = (what: string) => answer(go, ["go", "list", "-m", "-versions", "-json", what])
  const [all, origin] = await Promise.all([
    list(query).catch(() => list(module)),
    answer(go, ["go", "list", "-m", "-json", query]).catch(() => "{}"),
  ])
  return readModuleVersions(all, origin)
}

const facts: SourceRegistry["facts"] = async (go, module, version) => {
  const query = `${module}@${version}`
  // It says in JSON why it failed, too.
  const download = go.withExec(withLimit(["go", "mod", "download", "-json", query]), { expect: ReturnType.Any })
  const answered = (await download.stdout()).trim()
  if (answered === "") throw new Error((await download.stderr()).trim().split("\n").at(-1) || timedOut)
  const { Sum: sum, Error: failure } = JSON.parse(answered) as GoModuleAnswer
  if (failure !== undefined) throw new Error(oneLine(String(failure)))
  const info = JSON.parse(await answer(download, ["go", "list", "-m", "-json", query])) as GoModuleAnswer
  return { commit: info.Origin?.Hash, created: info.Time === undefined ? undefined : shortTime(Date.parse(info.Time)), sum }
}

const files: SourceRegistry["files"] = async (go, module, version) => {
  const container = go.withExec(withLimit(["go", "mod", "download", "-json", `${module}@${version}`]))
  const { Dir: folder } = JSON.parse(await container.stdout()) as GoModuleAnswer
  if (folder === undefined) throw new Error("no files")
  return { container, folder }
}

export const goRegistry: SourceRegistry = { title, fetch, versionOf, asking, versions, facts, files }
