// What shell/start-livekit.sh makes of its environment, with a program in LiveKit's place that prints what it got.

import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"

const script = new URL("../../shell/start-livekit.sh", import.meta.url).pathname
const secret = "s".repeat(32)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "livekit-"))
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  program("livekit-server", 'if [ "$1" = --config ]; then cat "$2"; else echo "words: $*"; fi\nenv | grep ^LIVEKIT_ | sed "s/^/# /"')
  program(
    "getent",
    'case $2 in im.test) printf "2001:db8::1 im.test\\n192.0.2.7 im.test\\n" ;; home.test) echo "127.0.1.1 home.test" ;; *) exit 2 ;; esac',
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (env: Record<string, string>, ...words: string[]) => {
  const { status, stdout, stderr } = spawnSync("sh", [script, ...words], {
    env: { PATH: `${folder}:${process.env["PATH"]}`, ...env },
    encoding: "utf8",
  })
  return { status, stdout, stderr: stderr.trim() }
}
const pair = { LIVEKIT_KEY: "key", LIVEKIT_SECRET: secret }
const configuration = (env: Record<string, string>) => {
  const { stdout, stderr, status } = run({ ...pair, ...env })
  expect(stderr).toBe("")
  expect(status).toBe(0)
  return { settings: parse(stdout) as { rtc: Record<string, unknown>; keys: Record<string, string> }, text: stdout }
}

describe("the configuration", () => {
  it("has the pair, which the program's environment has not", () => {
    writeFileSync(join(folder, "secret"), "f".repeat(40))
    const { settings, text } = configuration({
      LIVEKIT_SECRET: "",
      LIVEKIT_SECRET_FILE: join(folder, "secret"),
      LIVEKIT_KEYS: "other: pair",
    })
    expect(settings.keys).toEqual({ key: "f".repeat(40) })
    expect(text).not.toContain("# LIVEKIT")
  })

  it.each([
    ["an address", { LIVEKIT_ADDRESS: "198.51.100.4", LIVEKIT_PUBLIC_URL: "https://im.test" }, "198.51.100.4"],
    ["an address of IPv6", { LIVEKIT_ADDRESS: "2001:db8::9" }, "2001:db8::9"],
    ["what the name of the public address has", { LIVEKIT_ADDRESS: "", LIVEKIT_PUBLIC_URL: "https://im.test" }, "192.0.2.7"],
    ["the public address itself", { LIVEKIT_PUBLIC_URL: "http://192.0.2.9:80" }, "192.0.2.9"],
    ["the public address of IPv6", { LIVEKIT_PUBLIC_URL: "http://[2001:db8::7]:80" }, "2001:db8::7"],
    ["nothing", {}, undefined],
  ])("has as the address of media %s", (_, env, address) => expect(configuration(env).settings.rtc["node_ip"]).toBe(address))

  it("has the ports of media", () => {
    expect(configuration({}).settings.rtc).toMatchObject({ tcp_port: 7881, udp_port: 7882 })
    expect(configuration({ LIVEKIT_TCP_PORT: "1", LIVEKIT_UDP_PORT: "2" }).settings.rtc).toMatchObject({ tcp_port: 1, udp_port: 2 })
  })
})

describe("it does not start", () => {
  it.each<[string, Record<string, string>, string]>([
    ["without a secret", { LIVEKIT_SECRET: "" }, "no password: set LIVEKIT_SECRET or LIVEKIT_SECRET_FILE"],
    ["without a key", { LIVEKIT_KEY: "" }, "no key: set LIVEKIT_KEY or LIVEKIT_KEY_FILE"],
    ["with the key that everybody knows", { LIVEKIT_KEY: "APIGPW3gnFTzqHH" }, "the key APIGPW3gnFTzqHH is public"],
    ["with a short secret", { LIVEKIT_SECRET: "short" }, "LIVEKIT_SECRET has 5 characters, and at least 32 are needed"],
    ["with a secret of other characters", { LIVEKIT_SECRET: `${secret}"` }, "LIVEKIT_SECRET may hold letters, digits"],
    ["with a secret that is not there", { LIVEKIT_SECRET_FILE: "/none" }, "LIVEKIT_SECRET_FILE cannot be read"],
    ["with a name that nobody knows", { LIVEKIT_PUBLIC_URL: "https://no.test" }, "no.test is not known here"],
    [
      "with a name of this machine alone",
      { LIVEKIT_PUBLIC_URL: "https://home.test" },
      "home.test is not known here, or is this machine alone",
    ],
  ])("%s", (_, env, words) => {
    const { status, stderr, stdout } = run({ ...pair, ...env })
    expect(stderr.split("\n").at(-1)).toContain(`start-livekit: ${words}`)
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr).not.toContain(secret)
  })
})

it("takes other words as options, a configuration or a command", () => {
  expect(run({}, "livekit-server", "--version").stdout).toBe("words: --version\n")
  writeFileSync(join(folder, "own.yaml"), "port: 1\n")
  expect(run({}, "--config", join(folder, "own.yaml")).stdout).toBe("port: 1\n")
  expect(run({}, "echo", "hello").stdout).toBe("hello\n")
  expect(parse(run({ ALLOW_EMPTY_PASSWORD: "yes" }).stdout)).toMatchObject({ keys: { devkey: "secret" } })
})
