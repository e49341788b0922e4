/**
 * The project's tests that need a real engine.
 *
 * They are written with vitest and import the code under test. A module cannot import files outside its own folder,
 * so this one only starts vitest in a container that has the session of this call.
 */
import { argument, type Container, type Directory, dag, func, object } from "@dagger.io/dagger"

@object()
export class EngineTests {
  source: Directory

  constructor(
    /** The project. */
    @argument({
      defaultPath: "/",
      ignore: ["*", "!package.json", "!package-lock.json", "!tsconfig.json", "!src", "!shell", "!tests/engine"],
    })
    source: Directory,
  ) {
    this.source = source
  }

  /** Runs every engine test and answers with a result per case; fails if one fails. */
  @func({ cache: "session" })
  async all(): Promise<string> {
    return this.run([])
  }

  /** Runs the tests of the package fallback, with real package managers against a server that refuses and hangs. */
  @func({ cache: "session" })
  async packages(): Promise<string> {
    return this.run(["tests/engine/packages"])
  }

  private async run(files: string[]): Promise<string> {
    const command = ["npx", "vitest", "run", "--config", "tests/engine/vitest.config.ts", ...files]
    const tests = this.prepared().withExec(command, { experimentalPrivilegedNesting: true })
    try {
      return await tests.stdout()
    } catch (error) {
      // The last line counts the cases; all the others have been seen already.
      const counts = (error as { stdout?: string }).stdout?.trim().split("\n").at(-1)
      throw counts ? new Error(counts) : error
    }
  }

  private prepared(): Container {
    return (
      dag
        .container()
        .from("docker.io/library/node:24-trixie-slim")
        .withWorkdir("/project")
        // Where the engine brings its own certificates, it adds them to this file; Node has its own list.
        .withEnvVariable("NODE_EXTRA_CA_CERTS", "/etc/ssl/certs/ca-certificates.crt")
        .withMountedCache("/root/.npm", dag.cacheVolume("engine-tests-npm"))
        .withFile("package.json", this.source.file("package.json"))
        .withFile("package-lock.json", this.source.file("package-lock.json"))
        .withExec(["npm", "ci", "--no-audit", "--no-fund"])
        .withDirectory(".", this.source)
        .withEnvVariable("NO_COLOR", "1")
    )
  }
}
