// Programs that belong to no source: those of this project, and the tools of versions.yaml.

import type { Container, File } from "@dagger.io/dagger"
import { ownFileNames, ownText } from "../../catalogue/ownFiles.js"
import { helperToolchain, helperVersion, toolPin, toolVersion } from "../../plan/toolchains/helpers.js"
import type { Settings } from "../call/settings.js"
import { go } from "./go/toolchain.js"
import type { HelperToolchain, PreparedToolchain } from "./toolchain.js"

export const compiler: HelperToolchain = go

/** A program of this project. A source's own toolchain compiles what goes into its image, where it is the same one. */
export async function helperProgram(settings: Settings, name: string, like?: PreparedToolchain): Promise<File> {
  return compiler.helper(settings, await prepared(settings, helperVersion(settings.catalogue), like), name).sync()
}

/** A tool of versions.yaml. */
export async function toolProgram(settings: Settings, name: string, like?: PreparedToolchain): Promise<File> {
  return compiler.tool(settings, await prepared(settings, toolVersion(toolPin(settings.catalogue, name)), like), name)
}

async function prepared(settings: Settings, version: string, like?: PreparedToolchain): Promise<PreparedToolchain> {
  return like?.name === helperToolchain.name ? like : compiler.prepare(settings, version)
}

/** For this project's own programs alone: one version less to fetch. */
export function helperCompiler(settings: Settings): Promise<PreparedToolchain> {
  return compiler.prepare(settings, helperVersion(settings.catalogue))
}

export function helperTests(settings: Settings): Promise<Container[]> {
  return compiler.helperTests(settings)
}

/** Its files themselves: a directory's digest is only the same on the same engine. What it imports stands in its lock files. */
export function helperTexts(name: string): string[] {
  const folder = helperToolchain.helperFolder(name)
  return ownFileNames(folder)
    .filter((file) => !helperToolchain.isTest(file))
    .map((file) => ownText(`${folder}/${file}`))
}
