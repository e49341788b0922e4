// The kit goes by ssh from one folder to another machine with podman, which is this one.

import { execFileSync, spawn, spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "node:tls"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { healthzOf } from "./asked.js"

/** Where the kit is unpacked, and where it is copied to. */
const [here, there] = ["/srv/kit", "/srv/openim"]
const host = `--host=ssh://root@127.0.0.1:2222${there}`
const name = process.env.PUBLIC_NAME ?? ""
const children: { kill: () => boolean }[] = []

const podman = (...words: string[]) => execFileSync("podman", words, { encoding: "utf8" }).trim()
const run = (words: string[], folder = here) => {
  const { status, stdout, stderr } = spawnSync(join(folder, "openimctl"), words, { cwd: folder, encoding: "utf8", timeout: 280_000 })
  return { code: status ?? 128, text: `${stdout}${stderr}` }
}
const works = (words: string[], folder = here) => {
  const { code, text } = run(words, folder)
  if (code !== 0) throw new Error(`openimctl ${words.join(" ")} ended with ${code}:\n${text.slice(-6000)}`)
  return text
}
const background = (command: string, ...words: string[]) => {
  const child = spawn(command, words, { stdio: "ignore" })
  children.push(child)
}
const containers = () => podman("ps", "-aq", "--no-trunc").split("\n").filter(Boolean).sort()

beforeAll(async () => {
  cpSync("/kit", here, { recursive: true, verbatimSymlinks: true })
  mkdirSync("/etc/containers/containers.conf.d", { recursive: true })
  writeFileSync("/etc/containers/containers.conf.d/10-test.conf", '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n')
  mkdirSync("/run/podman", { recursive: true })
  background("podman", "system", "service", "--time=0", "unix:///run/podman/podman.sock")
  await eventually("podman answers", () => expect(existsSync("/run/podman/podman.sock")).toBe(true))
  // A server of ssh with one key, on loopback.
  mkdirSync("/run/sshd", { recursive: true })
  mkdirSync("/root/.ssh", { recursive: true, mode: 0o700 })
  for (const file of ["/root/.ssh/id_ed25519", "/tmp/host_key"]) execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file])
  cpSync("/root/.ssh/id_ed25519.pub", "/root/.ssh/authorized_keys")
  writeFileSync("/root/.ssh/known_hosts", `[127.0.0.1]:2222 ${readFileSync("/tmp/host_key.pub", "utf8")}`)
  const options = ["ListenAddress=127.0.0.1", "Port=2222", "PasswordAuthentication=no", "UsePAM=no", "StrictModes=no"]
  background("/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", "/tmp/host_key", ...options.flatMap((option) => ["-o", option]))
})

afterAll(() => {
  for (const child of children) child.kill()
})

describe("over ssh", () => {
  test("a machine that does not answer is named, and nothing is copied", () => {
    const { code, text } = run(["deploy", "--host=ssh://root@127.0.0.1:2223"])
    expect(code).toBe(1)
    expect(text).toContain("root@127.0.0.1 cannot be reached by ssh")
    expect(text).toContain("try: ssh -p 2223 root@127.0.0.1")
  })

  test("deploy copies the kit, makes .env there, loads the images and starts all with podman", async () => {
    await eventually("ssh answers", () => execFileSync("ssh", ["-p", "2222", "-o", "BatchMode=yes", "root@127.0.0.1", "true"]))
    const text = works(["deploy", host, `--address=${name}`, "--ignore=disk,memory,cpu"])
    expect(text).toContain("with podman")
    expect(existsSync(join(here, ".env"))).toBe(false)
    expect(existsSync(join(there, ".env"))).toBe(true)
    const { services } = JSON.parse(works(["status", host, "--format=json"])) as { services: { service: string; state: string }[] }
    for (const { service, state } of services) expect(`${service}: ${state}`).toBe(`${service}: healthy`)
    expect(services.length).toBe(3)
  })

  test("exit codes and messages come back, and what is the user's there stays", () => {
    const env = readFileSync(join(there, ".env"), "utf8")
    writeFileSync(join(here, ".env"), "OTHER=1\n")
    const { code, text } = run(["stop", "edgy", host])
    expect(code).toBe(2)
    expect(text).toContain('Did you mean "edge"?')
    works(["restart", "edge", host])
    expect(readFileSync(join(there, ".env"), "utf8")).toBe(env)
  })
})

describe("podman", () => {
  test("a second deploy makes no container again", () => {
    const before = containers()
    works(["deploy", "--ignore=disk,memory,cpu"], there)
    expect(containers()).toEqual(before)
  })

  test("the edge answers through its published port, and no other has one", async () => {
    const root = readFileSync(join(there, "ca/ca.pem"), "utf8")
    expect(await healthzOf(root)).toBe(200)
    for (const id of containers()) {
      const [found] = JSON.parse(podman("inspect", id)) as [
        { Name: string; HostConfig: { PortBindings: Record<string, unknown> | null; ReadonlyRootfs: boolean } },
      ]
      expect(found.HostConfig.ReadonlyRootfs, found.Name).toBe(true)
      if (!found.Name.includes("edge")) expect(Object.values(found.HostConfig.PortBindings ?? {}).filter(Boolean), found.Name).toEqual([])
    }
  })

  test("a renewed certificate gets into the running edge", async () => {
    const [before, ids] = [await serial(), containers()]
    works(["certificate", "renew", "--force"], there)
    expect(await serial()).not.toBe(before)
    expect(containers()).toEqual(ids)
  })

  // Podman has it since 4.4; what openimctl writes is for 5.
  const generatorOf = "/usr/libexec/podman/quadlet"
  test.skipIf(!existsSync(generatorOf))("its own generator takes the units that quadlet writes", () => {
    const text = works(["quadlet"], there)
    expect(text).toContain("systemctl start openim-etcd.service")
    const generator = spawnSync(generatorOf, ["-dryrun"], {
      encoding: "utf8",
      env: { ...process.env, QUADLET_UNIT_DIRS: join(there, "quadlet") },
    })
    expect(generator.stderr).not.toMatch(/unsupported|error|warning|invalid/i)
    expect(generator.status, generator.stderr).toBe(0)
    for (const unit of ["openim-redis.service", "openim-data-network.service", "openim-redis-volume.service"])
      expect(generator.stdout).toContain(unit)
  })

  test("stop, start, and clean keeps the data", async () => {
    works(["stop"], there)
    expect(podman("ps", "-q")).toBe("")
    works(["start"], there)
    works(["clean"], there)
    expect(containers()).toEqual([])
    expect(podman("volume", "ls", "-q")).toContain("openim_redis")
    works(["deploy", "--ignore=disk,memory,cpu"], there)
    expect(run(["health", "--quick"], there).text).toContain("healthy")
  })
})

function serial(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: 443, servername: name, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.on("error", reject)
  })
}
