// A folder as a kit, with the program made from host/ and a fake docker on PATH.
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { shopDeployment, shopTemplate } from "../unit/deployment.fixture"
import { type Done, finished, project } from "./sandbox"

let program: string | undefined

/** The program of a kit; made once for a run. */
function builtProgram(): string {
  if (program) return program
  const folder = mkdtempSync(join(tmpdir(), "openimctl-program-"))
  const made = spawnSync(process.execPath, [join(project, "host/build-openimctl.mjs"), join(folder, "openimctl.mjs")], { encoding: "utf8" })
  if (made.status !== 0) throw new Error(made.stderr)
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  program = join(folder, "openimctl.mjs")
  return program
}

export const IMAGES = ["database", "api", "page", "edge"].map((name) => `docker.io/shop/${name}:1.0`)

export class Kit {
  readonly root = mkdtempSync(join(tmpdir(), "openimctl-"))
  readonly folder = join(this.root, "kit")
  readonly bin = join(this.root, "bin")
  readonly fake = join(this.root, "docker.json")

  constructor(fake: Record<string, unknown> = {}, like?: Kit) {
    if (like)
      for (const [from, to] of [
        [like.folder, this.folder],
        [like.fake, this.fake],
      ] as const)
        cpSync(from, to, { recursive: true })
    mkdirSync(this.folder, { recursive: true })
    mkdirSync(this.bin)
    for (const name of ["sh", "env", "tar", "gzip", "openssl", "ip", "ssh", "dirname", "readlink"]) {
      const path = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim()
      if (path.startsWith("/")) symlinkSync(path, join(this.bin, name))
    }
    symlinkSync(process.execPath, join(this.bin, "node"))
    const docker = join(this.bin, "docker")
    writeFileSync(docker, `#!/bin/sh\nFAKE_DOCKER='${this.fake}' exec node '${join(project, "tests/host/fake/docker.mjs")}' "$@"\n`)
    chmodSync(docker, 0o755)
    if (like) return
    cpSync(builtProgram(), join(this.folder, "openimctl.mjs"))
    cpSync(join(project, "openimctl"), join(this.folder, "openimctl"))
    this.write("deployment.json", JSON.stringify(shopDeployment))
    this.write("env.template", shopTemplate)
    this.write("docker-compose.prod.yml", "services: {}\n")
    this.write("edge.cfg", "listen\n")
    this.fakeDocker({ images: IMAGES, ...fake })
  }

  /** A kit in the same state. */
  copy(): Kit {
    return new Kit({}, this)
  }

  /** Changes what the fake docker does. */
  fakeDocker(change: Record<string, unknown>): void {
    writeFileSync(this.fake, JSON.stringify({ ...(existsSync(this.fake) ? this.docker() : {}), ...change }))
  }

  docker(): {
    containers: Record<string, { service: string; startedAt: string }>
    volumes: Record<string, unknown>
    images: string[]
    password?: string
    served?: string
  } {
    return { containers: {}, volumes: {}, images: [], ...JSON.parse(readFileSync(this.fake, "utf8")) }
  }

  calls(): string[] {
    return existsSync(`${this.fake}.calls`) ? readFileSync(`${this.fake}.calls`, "utf8").trim().split("\n") : []
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.folder, name, ".."), { recursive: true })
    writeFileSync(join(this.folder, name), text)
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8")
  }

  has(name: string): boolean {
    return existsSync(join(this.folder, name))
  }

  /** What .env says for a key. */
  value(key: string): string | undefined {
    return new RegExp(`^${key}=(.*)$`, "m").exec(this.read(".env"))?.[1]
  }

  start(args: string[], extra: Record<string, string> = {}) {
    return spawn(join(this.folder, "openimctl"), args, {
      cwd: this.folder,
      env: { PATH: this.bin, HOME: this.root, ...extra },
      stdio: ["ignore", "pipe", "pipe"],
    })
  }

  run(args: string[], extra: Record<string, string> = {}): Promise<Done> {
    return finished(this.start(args, extra))
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
