// A Go that is new enough: the host's own, else the toolchain that any Go fetches from the Go module proxy (its checksum is in
// Go's checksum database).

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { firstOf } from "../../src/base/attempts"
import { Problem } from "../../src/base/problem"
import { compareVersions } from "../../src/base/versionNumbers"
import { artefact } from "../cache"
import { paths, recipeDir } from "../paths"
import { step } from "../progress"
import { require } from "../requirements"
import { attempt, refused, run, which } from "../run"

/** The version that engine/go.mod asks for. */
export function wantedGo(): string {
  const text = readFileSync(join(recipeDir, "go.mod"), "utf8")
  const version = (/^toolchain go(\S+)/m.exec(text) ?? /^go (\d+\.\d+\.\d+)/m.exec(text))?.[1]
  if (!version) throw new Problem("engine/go.mod names no Go version")
  return version
}

/** Settings for every go command of ours: a user's own GOFLAGS, GOWORK or GOTOOLCHAIN must not reach them. */
export function goEnv(): Record<string, string> {
  // A build that is killed leaves its work folder: there, the next caller removes it.
  mkdirSync(paths.tmp, { recursive: true })
  return {
    GOTMPDIR: paths.tmp,
    GOTOOLCHAIN: "local",
    GOFLAGS: "-buildvcs=false -modcacherw",
    GOWORK: "off",
    GOENV: "off",
    GOMODCACHE: join(paths.downloads, "go-mod"),
    GOCACHE: join(paths.downloads, "go-build"),
    CGO_ENABLED: "0",
    ...userGoEnv(),
  }
}

const PASSED_ON = ["GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE"]
let fromGoEnv: Record<string, string> = {}

function userGoEnv(): Record<string, string> {
  return fromGoEnv
}

/** The go command to build with. */
export async function findGo(): Promise<string> {
  const wanted = wantedGo()
  const hosts = await hostGos()
  for (const go of hosts) await readGoEnv(go)
  const { value } = await firstOf(
    `Go ${wanted}`,
    [
      ...hosts.map((go) => ({ name: go, limitSeconds: 30, run: () => newEnough(go, wanted) })),
      { name: "the toolchain from the Go module proxy", limitSeconds: 1200, run: () => fetchToolchain(wanted) },
    ],
    refused,
  )
  return value
}

async function hostGos(): Promise<string[]> {
  const places = [await which("go"), "/usr/local/go/bin/go", "/usr/lib/go/bin/go"]
  return [...new Set(places)].filter((path): path is string => path !== undefined && existsSync(path))
}

/** The proxy and checksum settings of the user, from the environment or from `go env -w`. */
async function readGoEnv(go: string): Promise<void> {
  if (Object.keys(fromGoEnv).length > 0) return
  const answer = await attempt([go, "env", "-json", ...PASSED_ON], { env: { GOTOOLCHAIN: "local" }, limitSeconds: 20 })
  if (answer.code === 0) fromGoEnv = JSON.parse(answer.stdout) as Record<string, string>
}

async function newEnough(go: string, wanted: string): Promise<string> {
  const version = (await run([go, "env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } })).stdout.trim().replace(/^go/, "")
  if (compareVersions(version, wanted) < 0) throw new Problem(`it is ${version || "of no known version"}`)
  return go
}

async function fetchToolchain(version: string): Promise<string> {
  const arch = process.arch === "x64" ? "amd64" : process.arch
  const folder = await artefact("go", `${version}-${process.platform}-${arch}`, async (folder) => {
    if ((await hostGos()).length === 0) await require(["go"])
    const [go] = await hostGos()
    if (!go) throw new Problem("no go command can be found", "install Go from your system's packages, or put it on PATH")
    await readGoEnv(go)
    const module = `golang.org/toolchain@v0.0.1-go${version}.${process.platform}-${arch}`
    await step({ name: "go", title: `Fetching Go ${version} from the Go module proxy`, seconds: 30 }, async () => {
      const options = { env: goEnv(), cwd: folder, purpose: `fetching Go ${version}`, log: "go.log" }
      const answer = JSON.parse((await run([go, "mod", "download", "-json", module], options)).stdout) as { Dir: string }
      await run(["cp", "-a", `${answer.Dir}/.`, folder], { purpose: "copying the Go toolchain" })
    })
    // Module zips carry no executable bits.
    await run(["chmod", "-R", "u+w", folder])
    const tools = join(folder, "pkg", "tool")
    const folders = [join(folder, "bin"), ...(existsSync(tools) ? readdirSync(tools).map((name) => join(tools, name)) : [])]
    for (const dir of folders) for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o755)
  })
  return join(folder, "bin", "go")
}
