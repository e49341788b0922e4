// Java programs with libraries from Maven Central: fetched by Maven, checked against the recorded checksums.

import { CacheSharingMode, type Container, dag, type Directory } from "@dagger.io/dagger"
import { fromFirst, withSystemPackages } from "./bases.js"
import { explain } from "./failures.js"
import type { Settings } from "./settings.js"

/** What runs a program below java/. */
export async function javaRuntime(settings: Settings, packages = ["openjdk-21-jre-headless"]): Promise<Container> {
  const debian = await fromFirst(settings, [settings.catalogue.pins.images.debian])
  // Java's packages link their manuals into this folder, which slim images do not have.
  const withManuals = debian.withDirectory("/usr/share/man/man1", dag.directory())
  return withSystemPackages(settings, withManuals, "debian", ["ca-certificates", ...packages])
}

/** A program below java/: its classes, and its libraries in libs/. */
export async function javaProgram(settings: Settings, name: string): Promise<Directory> {
  const built = await javaBuild(settings, name)
  return explain(`java/${name} cannot be built`, "Check the network; after a change of pom.xml renew libs.sha256.", () =>
    built.directory("/out").sync(),
  )
}

/** Runs its tests: a main class, which prints a line for each check. */
export async function javaTest(settings: Settings, name: string, test: string): Promise<Container> {
  const built = await javaBuild(settings, name)
  return built
    .withExec(["sh", "-euc", `javac --release 21 -cp '/out:/out/libs/*' -d /tests ${test}.java`])
    .withExec(["java", "-cp", "/tests:/out:/out/libs/*", test])
}

async function javaBuild(settings: Settings, name: string): Promise<Container> {
  const source = dag.currentModule().source().directory(`java/${name}`)
  const maven = await javaRuntime(settings, ["maven", "openjdk-21-jdk-headless"])
  return maven
    .withMountedCache("/root/.m2", dag.cacheVolume("openim-maven"), { sharing: CacheSharingMode.Locked })
    .withWorkdir("/build")
    .withDirectory("/build", source)
    .withExec(["sh", "-euc", build])
}

/** Without classes of its own a program is its libraries alone. */
const build = `
mkdir -p /out/libs
mvn --batch-mode --no-transfer-progress --quiet dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=/out/libs
(cd /out/libs && sha256sum --quiet --check --strict /build/libs.sha256)
test "$(ls /out/libs | wc -l)" -eq "$(wc -l < libs.sha256)" || { echo "there are other libraries than in libs.sha256" >&2; exit 1; }
find . -maxdepth 1 -name '*.java' | grep -q . || exit 0
javac --release 21 -cp '/out/libs/*' -d /out $(find . -name '*.java' ! -name '*Test.java')
`
