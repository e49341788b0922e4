// What Go takes from outside, as files for GOPROXY in a bundle.

import { type Container, type Directory, dag } from "@dagger.io/dagger"
import { trySeconds } from "../../../plan/bundle/prewarm.js"
import { helperFolder } from "../../../plan/toolchains/go/programs.js"
import { fetchScript } from "../../../plan/toolchains/go/sources.js"
import { newer } from "../../../plan/toolchains/go/version.js"
import { helperVersion, toolPin, toolVersion } from "../../../plan/toolchains/helpers.js"
import { type FoundSource, folderIn, wholeOf } from "../../build/foundSource.js"
import { tailOf } from "../../call/failures.js"
import type { Settings } from "../../call/settings.js"
import type { HelperToolchain } from "../toolchain.js"
import { goToolchain } from "./container.js"

type Parts = HelperToolchain["bundled"]

export const bundledSource: Parts["source"] = async (settings, source, { module, folder }, pin) => {
  const go = await goFromPackages(settings, source.toolchain.version)
  // A folder of this project comes along with each call, and no registry has it.
  if (folder !== undefined) return modules(withOwn(go, source), "go mod download", [])
  return modules(withFetch(go), `${fetchSource} && go mod download`, [module, pin.version, pin.sum ?? ""])
}

export const bundledImports: Parts["imports"] = async (settings, source, programs) => {
  return modules(
    withOwn(await goFromPackages(settings, source.toolchain.version), source),
    ownModulesCommand,
    programs.map((entry) => entry.package),
  )
}

function withOwn(go: Container, source: FoundSource): Container {
  const { root, path } = wholeOf(source)
  return go.withDirectory("/own", root).withWorkdir(folderIn(path, "/own"))
}

const ownModulesCommand = `
go mod download || echo "the bundle has what builds need, not all that go.mod names" >&2
for one; do
  shift
  if [ -d "./$one" ]; then set -- "$@" "./$one"; fi
done
go list -deps "$@"`

export const bundledTool: Parts["tool"] = async (settings, name, like) => {
  const pin = toolPin(settings.catalogue, name)
  const least = toolVersion(pin)
  const go = await goFromPackages(settings, like?.name === "go" ? newer(like.version, least) : least)
  return modules(withFetch(go), `${fetchSource} && go list -deps "./$4"`, [pin.module, pin.version, pin.sum, pin.package])
}

export const bundledHelper: Parts["helper"] = async (settings, name) => {
  const go = await goFromPackages(settings, helperVersion(settings.catalogue))
  const source = dag.currentModule().source().directory(helperFolder(name))
  const prepared = go.withDirectory("/helper", source, { exclude: ["*_test.go"] }).withWorkdir("/helper")
  return modules(prepared, "go list -deps .", [])
}

/** As builds with a bundle have it: from the distribution, with any other version as a module. */
async function goFromPackages(settings: Settings, version: string): Promise<Container> {
  return (await goToolchain(settings, version, ["distribution"])).container
}

const fetchSource = `rm -rf source && /module/fetch "$1" "$2" "$3" && cd source`

function withFetch(go: Container): Container {
  return go.withNewFile("/module/fetch", fetchScript, { permissions: 0o755 }).withWorkdir("/module")
}

/** The modules that a command asks for, as files for GOPROXY. */
async function modules(go: Container, command: string, words: string[]): Promise<Directory> {
  const fetch = dag.currentModule().source().file("shell/fetch-modules.sh")
  const fetched = go
    .withMountedFile("/fetch-modules", fetch)
    .withExec(["sh", "/fetch-modules", String(trySeconds), "sh", "-euc", `${command} > /dev/null`, "modules", ...words])
  try {
    return await fetched.directory("/out").sync()
  } catch (error) {
    throw new Error(tailOf(error, 3))
  }
}
