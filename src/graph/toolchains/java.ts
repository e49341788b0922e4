// Java programs with libraries from Maven Central: fetched by Maven, checked against the recorded checksums.

import { CacheSharingMode, type Container, type Directory, dag } from "@dagger.io/dagger"
import { pinnedImage } from "../../catalogue/lookup.js"
import { ownFileNames, ownText } from "../../catalogue/ownFiles.js"
import { javaFolders, javaPackages } from "../../plan/packages/java.js"
import { mavenSettings } from "../../plan/stack/mavenSettings.js"
import { pullFirst, withFolders, withSystemPackages } from "../build/bases.js"
import { explain } from "../call/failures.js"
import type { Settings } from "../call/settings.js"

/** What runs a program below java/. */
export async function javaRuntime(settings: Settings, packages = javaPackages.runtime): Promise<Container> {
  const debian = await pullFirst(settings, [pinnedImage(settings.catalogue, "debian")])
  const container = withFolders(debian.container, javaFolders)
  return withSystemPackages(settings, { ...debian, container }, "debian", ["ca-certificates", ...packages])
}

/** A program below java/: its classes, and its libraries in libs/. */
export async function javaProgram(settings: Settings, name: string): Promise<Directory> {
  const built = await javaBuild(settings, name)
  return explain(`java/${name} cannot be built`, "check the network; after a change of pom.xml renew libs.sha256", () =>
    built.directory("/out").sync(),
  )
}

/** What it is configured with. */
export function javaProperties(name: string): Directory {
  return javaSource(name).filter({ include: ["*.properties"] })
}

/** The files that it is made from, tests apart, by their names. */
export function javaTexts(name: string): Record<string, string> {
  const names = ownFileNames(`java/${name}`).filter((file) => !file.endsWith("Test.java"))
  return Object.fromEntries(names.map((file) => [file, ownText(`java/${name}/${file}`)]))
}

function javaSource(name: string): Directory {
  return dag.currentModule().source().directory(`java/${name}`)
}

/** Runs its tests: a main class, which prints a line for each check. */
export async function javaTest(settings: Settings, name: string, test: string): Promise<Container> {
  const built = await javaBuild(settings, name)
  return built
    .withExec(["sh", "-euc", `javac --release 21 -cp '/out:/out/libs/*' -d /tests ${test}.java`])
    .withExec(["java", "-cp", "/tests:/out:/out/libs/*", test])
}

async function javaBuild(settings: Settings, name: string): Promise<Container> {
  return built(settings, await mavenBox(settings), name, settings.bundle ? ["--offline"] : [])
}

async function built(settings: Settings, maven: Container, name: string, options: string[]): Promise<Container> {
  const prepared = maven.withWorkdir("/build").withDirectory("/build", javaSource(name))
  // Maven takes one mirror; its libraries are checked against libs.sha256 wherever they come from.
  const [mirror] = settings.bundle ? [] : await settings.mirrors.of("maven")
  if (mirror === undefined) return prepared.withExec(["sh", "-c", ownText("shell/build-java.sh"), "build", ...options])
  return prepared
    .withNewFile("/maven/settings.xml", mavenSettings(mirror))
    .withExec(["sh", "-c", ownText("shell/build-java.sh"), "build", "--settings", "/maven/settings.xml", ...options])
}

/** What Maven fetches for a program, its own plugins included, as a local repository in maven/. */
export async function javaArtifacts(settings: Settings, name: string): Promise<Directory> {
  const fetched = await built(settings, await javaRuntime(settings, javaPackages.maven), name, ["-Dmaven.repo.local=/fetched/maven"])
  return fetched
    .withExec([
      "find",
      "/fetched",
      "(",
      "-name",
      "_remote.repositories",
      "-o",
      "-name",
      "*.lastUpdated",
      "-o",
      "-name",
      "resolver-status.properties",
      ")",
      "-delete",
    ])
    .directory("/fetched")
    .sync()
}

/** Maven with what it fetched before, or with what a bundle has. */
async function mavenBox(settings: Settings): Promise<Container> {
  const maven = await javaRuntime(settings, javaPackages.maven)
  // It writes there even where it fetches nothing.
  if (settings.bundle) return maven.withDirectory("/root/.m2/repository", settings.bundle.directory.directory("maven"))
  return maven.withMountedCache("/root/.m2", dag.cacheVolume("openim-maven"), { sharing: CacheSharingMode.Locked })
}
