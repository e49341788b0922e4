// The machine that the kit is deployed on: its Docker daemon, which is started, stopped and killed as on a real one.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process"
import { openSync, readFileSync, rmSync, writeFileSync } from "node:fs"

const log = "/var/log/dockerd.log"

let daemon: ChildProcess | undefined

/** Starts the daemon and waits until it answers. */
export async function startDaemon(more: string[] = []): Promise<void> {
  const mtu = String(outsideMtu())
  rmSync("/var/run/docker.pid", { force: true })
  const out = openSync(log, "a")
  const ofNetworks = ["--default-network-opt", `bridge=com.docker.network.driver.mtu=${mtu}`]
  // Old ones do not know it.
  const known = execFileSync("dockerd", ["--help"], { encoding: "utf8" }).includes(ofNetworks[0]!)
  const options = ["--mtu", mtu, ...(known ? ofNetworks : []), ...more]
  daemon = spawn("dockerd", options, { stdio: ["ignore", out, out], detached: true })
  const ended = new Promise<never>((_, reject) => {
    daemon?.once("exit", (code) => reject(new Error(`dockerd ended with ${code}:\n${readFileSync(log, "utf8").slice(-3000)}`)))
  })
  ended.catch(() => undefined)
  await Promise.race([answers(), ended])
}

async function answers(): Promise<void> {
  for (let wait = 0; wait < 600; wait++) {
    if (spawnSync("docker", ["version"], { stdio: "ignore" }).status === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`dockerd does not answer:\n${readFileSync(log, "utf8").slice(-3000)}`)
}

export async function stopDaemon(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
  const running = daemon
  if (running?.exitCode !== null || running.signalCode !== null) return
  const ended = new Promise((resolve) => running.once("exit", resolve))
  running.kill(signal)
  await ended
  daemon = undefined
}

/** A machine that loses power: the daemon, what keeps the containers, and all of their programs end at once. */
export async function losePower(): Promise<void> {
  const pids = docker("ps", "-q").split("\n").filter(Boolean)
  const programs = pids.map((id) => docker("inspect", "-f", "{{.State.Pid}}", id))
  await stopDaemon("SIGKILL")
  spawnSync("pkill", ["-9", "-x", "containerd"])
  spawnSync("pkill", ["-9", "-f", "containerd-shim"])
  for (const pid of programs) spawnSync("kill", ["-9", pid])
}

export function docker(...words: string[]): string {
  return execFileSync("docker", words, { encoding: "utf8", maxBuffer: 64 << 20 }).trim()
}

/** The containers of a service that run, or with `stopped` all of them. */
export function containersOf(service: string, { stopped = false } = {}): string[] {
  return docker("ps", stopped ? "-aq" : "-q", "--filter", `label=com.docker.compose.service=${service}`)
    .split("\n")
    .filter(Boolean)
}

/** All that there are, of whatever service. */
export const allContainers = (): string[] => docker("ps", "-aq", "--no-trunc").split("\n").filter(Boolean).sort()

/** The newest that runs. */
export const containerOf = (service: string): string => containersOf(service)[0] ?? ""

/** What an engine lets through is less than what Docker's bridges assume: connections to the outside would hang. */
function outsideMtu(): number {
  const device = outsideDevice()
  return device === "lo" ? 1500 : Number(readFileSync(`/sys/class/net/${device}/mtu`, "utf8"))
}

function outsideDevice(): string {
  const route = execFileSync("ip", ["-o", "route", "show", "default"], { encoding: "utf8" })
  return /\bdev (\S+)/.exec(route)?.[1] ?? "lo"
}

/** The address that others reach this machine by. */
export function outsideAddress(): string {
  const text = execFileSync("ip", ["-o", "-4", "address", "show", "dev", outsideDevice()], { encoding: "utf8" })
  const found = /\binet ([0-9.]+)/.exec(text)?.[1]
  if (found === undefined) throw new Error(`no address in: ${text}`)
  return found
}

/** The public name leads to the machine itself. Its own list of names cannot be written. */
export function answerTo(name: string): void {
  writeFileSync("/tmp/hosts", `${readFileSync("/etc/hosts", "utf8")}\n127.0.0.1 ${name}\n`)
  execFileSync("mount", ["--bind", "/tmp/hosts", "/etc/hosts"])
}
