// The kit of a user who is not root, with this user's own podman.

import { execFileSync, spawn, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../../stacks/openim/support/eventually.js"
import { healthzOf } from "../asked.js"

const user = "im"
const home = "/home/im/kit"
const runtime = "/run/user/1001"
const name = process.env.PUBLIC_NAME ?? ""
const deploy = ["deploy", "--ignore=disk,memory,cpu"]
let service: { kill: () => boolean } | undefined

const asUser = (words: string[]) => ["-u", user, "--", "env", "-C", home, "HOME=/home/im", `XDG_RUNTIME_DIR=${runtime}`, ...words]
const podman = (...words: string[]) => execFileSync("runuser", asUser(["podman", ...words]), { encoding: "utf8" }).trim()
const run = (words: string[]) => {
  const { status, stdout, stderr } = spawnSync("runuser", asUser(["./openimctl", ...words]), { encoding: "utf8", timeout: 280_000 })
  return { code: status ?? 128, text: `${stdout}${stderr}` }
}
const works = (words: string[]) => {
  const { code, text } = run(words)
  if (code !== 0) throw new Error(`openimctl ${words.join(" ")} ended with ${code}:\n${text.slice(-6000)}`)
  return text
}
const containers = () => podman("ps", "-aq", "--no-trunc").split("\n").filter(Boolean).sort()

beforeAll(async () => {
  execFileSync("useradd", ["--create-home", "--uid", "1001", user])
  cpSync("/kit", home, { recursive: true, verbatimSymlinks: true })
  mkdirSync(runtime, { recursive: true })
  mkdirSync("/home/im/.config/containers", { recursive: true })
  writeFileSync("/home/im/.config/containers/containers.conf", '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n')
  // Layers do not work on the container's file system.
  writeFileSync(
    "/home/im/.config/containers/storage.conf",
    '[storage]\ndriver = "overlay"\ngraphroot = "/srv/containers"\nrunroot = "/run/user/1001/containers"\n',
  )
  execFileSync("chown", ["-R", `${user}:`, "/home/im", runtime, "/srv/containers"])
  service = spawn("runuser", asUser(["podman", "system", "service", "--time=0", `unix://${runtime}/podman/podman.sock`]), {
    stdio: "inherit",
  })
  await eventually("podman answers", () => expect(existsSync(`${runtime}/podman/podman.sock`)).toBe(true))
})

afterAll(() => {
  service?.kill()
})

describe("a user who is not root", () => {
  test("may not open the ports of the web, which is said with the way out", () => {
    writeFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024")
    const { code, text } = run([...deploy, `--address=${name}`])
    expect(text).toContain("podman does not run as root, so it may not open port 443: 1024 is the lowest")
    expect(text).toContain("sysctl -w net.ipv4.ip_unprivileged_port_start=443")
    expect(code).toBe(4)
    expect(containers()).toEqual([])
  })

  test("deploys, once that is allowed", () => {
    writeFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80")
    expect(works(deploy)).toContain("with podman")
    const { services } = JSON.parse(works(["status", "--format=json"])) as {
      services: { service: string; state: string }[]
    }
    expect(services.map(({ service, state }) => `${service}: ${state}`).sort()).toEqual([
      "edge: healthy",
      "etcd: healthy",
      "redis: healthy",
    ])
  })

  test("has the edge at the published port, and no process of root", async () => {
    expect(await healthzOf(readFileSync(join(home, "ca/ca.pem"), "utf8"))).toBe(200)
    const pids = containers().map((id) => podman("inspect", "--format", "{{.State.Pid}}", id))
    for (const pid of pids) {
      const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
      expect(Number(uid)).toBeGreaterThan(1000)
    }
  })

  test("makes no container again by a second deploy", () => {
    const before = containers()
    works(deploy)
    expect(containers()).toEqual(before)
  })

  test("restarts, cleans, and has the data after that", () => {
    works(["restart", "redis"])
    works(["clean"])
    expect(containers()).toEqual([])
    expect(podman("volume", "ls", "-q")).toContain("openim_redis")
    works(deploy)
    expect(run(["health", "--quick"]).text).toContain("healthy")
  })
})
