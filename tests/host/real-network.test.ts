// The engine's network on its own host: a network namespace with a way to the outside and a neighbour, real iptables, real packets.
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { project } from "./sandbox"

// The wrapper's own, as host/program.mjs takes it.
const { buildSync } = createRequire(join(project, "host/package.json"))("esbuild") as {
  buildSync: (options: object) => { errors: unknown[] }
}
const possible = process.platform === "linux" && process.getuid?.() === 0

/** A machine that forwards nothing, with two cables: to the outside, and to a neighbour that has it as its router. */
class Machine {
  readonly root = mkdtempSync(join(tmpdir(), "daggerw-network-"))
  readonly id: string
  private readonly keeper: ChildProcess
  private readonly servers: ChildProcess[] = []

  constructor() {
    mkdirSync(join(this.root, "cache"))
    this.id = createHash("sha256").update(join(this.root, "cache")).digest("hex").slice(0, 8)
    const hold = "mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && mkdir /run/netns && sleep 600"
    this.keeper = spawn("unshare", ["--net", "--mount", "--propagation", "private", "sh", "-c", hold], { stdio: "ignore" })
    const { errors } = buildSync({
      stdin: {
        contents:
          'import { dropNetwork, raiseNetwork } from "./host/engine/network"\nawait (process.argv[2] === "raise" ? raiseNetwork() : dropNetwork())',
        resolveDir: project,
      },
      outfile: join(this.root, "network.mjs"),
      ...{
        bundle: true,
        format: "esm",
        platform: "node",
        target: "node18",
        loader: { ".sh": "text" },
        logLevel: "silent",
        alias: { "zx/core": join(project, "host/node_modules/zx/build/core.js") },
      },
      banner: { js: 'import { createRequire as __r } from "node:module"; const require = __r(import.meta.url);' },
      nodePaths: [join(project, "host/node_modules")],
    })
    expect(errors).toEqual([])
    this.sh("until [ -d /run/netns ]; do sleep 0.05; done")
    this.sh(`set -e
      ip link set lo up
      for side in "outside 198.51.100" "neighbour 203.0.113"; do
        set -- $side
        ip netns add $1 && ip link add $1 type veth peer name eth0 netns $1
        ip addr add $2.1/24 dev $1 && ip link set $1 up
        ip -n $1 addr add $2.2/24 dev eth0 && ip -n $1 link set eth0 up && ip -n $1 link set lo up
      done
      ip route add default via 198.51.100.2
      for range in 169.254.0.0/16 100.100.100.200/32; do ip route add $range via 198.51.100.2; done
      for address in 169.254.169.254 100.100.100.200; do ip -n outside addr add $address/32 dev lo; done
      ip -n neighbour route add default via 203.0.113.1
      ip -n outside route add 203.0.113.0/24 via 198.51.100.1
      echo 0 > /proc/sys/net/ipv4/ip_forward`)
  }

  sh(text: string): string {
    const done = spawnSync("nsenter", ["-t", String(this.keeper.pid), "-n", "-m", "sh", "-c", text], { encoding: "utf8" })
    expect(done.status, done.stderr).toBe(0)
    return done.stdout.trim()
  }

  /** As the wrapper does it, for one of several cache folders. */
  engine(verb: "raise" | "drop", cache = "cache", env: Record<string, string> = {}): string {
    mkdirSync(join(this.root, cache), { recursive: true })
    const settings = Object.entries({
      OPENIM_CACHE: join(this.root, cache),
      HTTPS_PROXY: "",
      https_proxy: "",
      HTTP_PROXY: "",
      http_proxy: "",
      ...env,
    })
    return this.sh(
      `env ${settings.map(([name, value]) => `${name}='${value}'`).join(" ")} '${process.execPath}' ${this.root}/network.mjs ${verb} 2>&1`,
    )
  }

  /** Answers on a port with the address of whoever asks. */
  serve(space: string, port: number): void {
    const text = `require("net").createServer((one) => one.end(one.remoteAddress)).listen(${port}, "0.0.0.0")`
    const inside = space === "host" ? [] : ["ip", "netns", "exec", space]
    this.servers.push(
      spawn("nsenter", ["-t", String(this.keeper.pid), "-n", "-m", ...inside, process.execPath, "-e", text], { stdio: "ignore" }),
    )
    this.sh(
      `${inside.join(" ")} sh -c 'until grep -q ":${port.toString(16).toUpperCase().padStart(4, "0")} .* 0A " /proc/net/tcp; do sleep 0.05; done'`,
    )
  }

  /** What a server says to somebody in a namespace: the asker's address, or nothing. */
  asked(space: string, address: string, port: number): string {
    const text = `const one = require("net").connect(${port}, "${address}"); one.setTimeout(1000, () => process.exit()); one.on("error", () => process.exit()); one.pipe(process.stdout)`
    return this.sh(`${space === "host" ? "" : `ip netns exec ${space} `}'${process.execPath}' -e '${text}'`)
  }

  state(): string {
    return this.sh(
      "cat /proc/sys/net/ipv4/ip_forward; iptables -S; iptables -t nat -S; ip -o link | cut -d: -f2 | cut -d@ -f1; ls /run/netns",
    )
  }

  remove(): void {
    for (const one of [...this.servers, this.keeper]) one.kill("SIGKILL")
    rmSync(this.root, { recursive: true, force: true })
  }
}

describe.runIf(possible)("the engine's network", { timeout: 120_000 }, () => {
  let machine: Machine
  let before: string
  beforeEach(() => {
    machine = new Machine()
    before = machine.state()
  })
  afterEach(() => machine.remove())
  const space = (): string => `openim-${machine.id}`
  const address = (end: number): string => {
    const found = machine.sh(`ip -4 -o addr show dev oim-${machine.id}`)
    const [, net, last] = /inet (10\.213\.\d+)\.(\d+)/.exec(found)!
    return `${net}.${Number(last) + end}`
  }

  it("leads out and lets nobody in, and what is not the engine's is not forwarded", () => {
    for (const [where, port] of [
      ["outside", 8080],
      ["outside", 53],
      ["outside", 80],
      ["neighbour", 8080],
      ["host", 8000],
      ["host", 53],
    ] as const)
      machine.serve(where, port)
    machine.engine("raise")
    machine.serve(space(), 5353)
    const [host, engine] = [address(0), address(1)]
    // Builds reach the world, the neighbours, and name servers everywhere.
    expect(machine.asked(space(), "198.51.100.2", 8080)).toBe("198.51.100.1")
    expect(machine.asked(space(), "203.0.113.2", 8080)).toBe("203.0.113.1")
    for (const server of [host, "198.51.100.1", "169.254.169.254", "100.100.100.200"])
      expect(machine.asked(space(), server, 53), server).not.toBe("")
    // Not the host's own ports, nor what gives a cloud's credentials.
    for (const [at, port] of [
      [host, 8000],
      ["198.51.100.1", 8000],
      ["169.254.169.254", 80],
      ["100.100.100.200", 80],
    ] as const)
      expect(machine.asked(space(), at, port), at).toBe("")
    // The host reaches the engine; nobody else does, and nobody is routed.
    expect(machine.asked("host", engine, 5353)).toBe(host)
    expect(machine.asked("neighbour", engine, 5353)).toBe("")
    machine.sh(`ip -n outside route add 10.213.0.0/16 via 198.51.100.1`)
    expect(machine.asked("outside", engine, 5353)).toBe("")
    expect(machine.asked("neighbour", "198.51.100.2", 8080)).toBe("")
    expect(machine.asked("outside", "203.0.113.2", 8080)).toBe("")
    machine.engine("drop")
    expect(machine.state()).toBe(before)
  })

  it("of two cache folders are apart, and the last one puts the host back", () => {
    machine.engine("raise")
    machine.engine("raise", "second")
    const second = createHash("sha256").update(join(machine.root, "second")).digest("hex").slice(0, 8)
    machine.serve(`openim-${second}`, 5353)
    machine.serve("outside", 8080)
    const theirs = machine.sh(`ip -n openim-${second} -4 -o addr show dev eth0 | sed 's/.*inet //; s/.30 .*//'`)
    expect(machine.asked(space(), theirs, 5353)).toBe("")
    machine.engine("drop")
    expect(machine.asked(`openim-${second}`, "198.51.100.2", 8080)).not.toBe("")
    machine.engine("drop", "second")
    expect(machine.state()).toBe(before)
  })

  it("knows after a kill what was before", () => {
    machine.engine("raise")
    // As a start does that finds an engine's leftovers, or no leftovers: also when all but the rules are gone.
    machine.sh(`ip netns delete ${space()}; ip link delete oim-${machine.id} 2>/dev/null; true`)
    machine.engine("drop")
    expect(machine.state()).toBe(before)
    machine.engine("raise")
    machine.engine("drop")
    machine.engine("raise")
    machine.engine("drop")
    expect(machine.state()).toBe(before)
  })

  it("leaves forwarding on where others have come to rely on it, and a host alone that was a router before", () => {
    machine.engine("raise")
    machine.sh("iptables -I FORWARD -i neighbour -j ACCEPT")
    expect(machine.engine("drop")).toContain("ip_forward was 0 and stays 1")
    expect(machine.sh("cat /proc/sys/net/ipv4/ip_forward")).toBe("1")
    machine.sh("iptables -D FORWARD -i neighbour -j ACCEPT; iptables -P FORWARD ACCEPT")
    const router = machine.state()
    machine.serve("outside", 8080)
    machine.engine("raise")
    expect(machine.asked("neighbour", "198.51.100.2", 8080)).toBe("203.0.113.2")
    machine.engine("drop")
    expect(machine.state()).toBe(router)
  })

  it.each([
    ["a port that is named", { OPENIM_ENGINE_HOST_PORTS: "8000" }],
    ["all ports", { OPENIM_ENGINE_HOST_PORTS: "all" }],
    ["a proxy that runs on this host", { HTTPS_PROXY: "http://bob:pw@198.51.100.1:8000" }],
    ["a mirror that runs on this host", { OPENIM_REGISTRY_MIRRORS: "https://mirror.invalid,http://198.51.100.1:8000" }],
  ])("lets builds reach %s", (_, env) => {
    machine.serve("host", 8000)
    machine.serve("host", 8001)
    machine.engine("raise", "cache", env as Record<string, string>)
    expect(machine.asked(space(), "198.51.100.1", 8000)).not.toBe("")
    if (!Object.values(env).includes("all")) expect(machine.asked(space(), "198.51.100.1", 8001)).toBe("")
    machine.engine("drop")
    expect(machine.state()).toBe(before)
  })
})
