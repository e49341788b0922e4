// Where export-image puts an image: Docker, podman or nerdctl on this machine. Dagger finds it alone where its engine runs in one of
// them, and says nothing helpful where there is none.
import { execFileSync } from "node:child_process"
import { Problem } from "../src/base/problem"
import { env } from "./env"

const STORE = "_EXPERIMENTAL_DAGGER_RUNNER_IMAGESTORE"
const TOOLS = ["docker", "podman", "nerdctl", "finch"] as const

/** The tool that takes images, before anything is built for it. */
export function imageStore(): string {
  const given = env(STORE)
  if (given) return given
  const refused: string[] = []
  for (const tool of TOOLS) {
    try {
      execFileSync(tool, ["info"], { timeout: 15_000, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" })
      return `${tool}-image`
    } catch (error) {
      const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string }
      if (code !== "ENOENT") refused.push(`${tool} does not answer${stderr ? ` (${lastLine(stderr)})` : ""}`)
    }
  }
  const why = refused.length > 0 ? refused.join(", ") : "there is neither Docker nor podman nor nerdctl"
  throw new Problem(
    `export-image has no place on this machine: ${why}. Write a file instead: ./daggerw call archive --component=server export --path=server.tar`,
  )
}

/** The variable for Dagger, unless the engine runs in such a tool, which Dagger then takes. */
export function storeVariable(host: string, store: string): Record<string, string> {
  return /^(docker-)?(image|container)(\+[a-z]+)?:\/\//.test(host) ? {} : { [STORE]: store }
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)!.slice(0, 200)
