// Pure parts, without a process.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { aptOptions } from "../../host/build/debian"
import { chooseSubnet, resolvConf } from "../../host/engine/network"
import { fullName } from "../../host/operate/images"
import { bytes, duration } from "../../host/output"
import { explain, knownCause } from "../../host/problem"
import { Problem } from "../../src/base/problem"
import { shellWord } from "../../src/base/shellWords"
import { compareVersions } from "../../src/base/versionNumbers"

describe("versions of Go", () => {
  it.each([
    ["1.26.1", "1.26.1", 0],
    ["1.26.8", "1.26.1", 7],
    ["1.9", "1.26.1", -17],
    ["1.27rc1", "1.26.1", 1],
  ])("%s against %s", (a, b, sign) => expect(Math.sign(compareVersions(a, b))).toBe(Math.sign(sign)))
})

describe("the engine's subnet", () => {
  it("derives from the cache folder", () => expect(chooseSubnet("00000001", "default via 192.0.2.1 dev eth0").cidr).toBe("10.213.0.4/30"))
  it("is the next one when the host routes it", () => expect(chooseSubnet("00000001", "10.213.0.4/30 dev x\n").cidr).toBe("10.213.0.8/30"))
  it("sees local addresses", () => expect(chooseSubnet("00000000", "local 10.213.0.1 dev x\n").cidr).toBe("10.213.0.4/30"))
  it("gives up when all is taken", () => expect(() => chooseSubnet("00000000", "10.0.0.0/8 dev vpn")).toThrow("no free subnet"))
})

describe("name servers", () => {
  const from = (files: Record<string, string>) => (path: string) => files[path]
  it("are the host's", () =>
    expect(resolvConf(undefined, from({ "/etc/resolv.conf": "nameserver 9.9.9.9\nsearch a\n" }))).toContain("9.9.9.9"))
  it("leave out the host's loopback", () =>
    expect(resolvConf(undefined, from({ "/etc/resolv.conf": "nameserver 127.0.0.1\nnameserver 9.9.9.9\n" }))).toBe("nameserver 9.9.9.9\n"))
  it("are those behind systemd's", () =>
    expect(
      resolvConf(
        undefined,
        from({ "/etc/resolv.conf": "nameserver 127.0.0.53\n", "/run/systemd/resolve/resolv.conf": "nameserver 1.1.1.1\n" }),
      ),
    ).toContain("1.1.1.1"))
  it("are asked for where the engine could reach none", () =>
    expect(() => resolvConf(undefined, from({ "/etc/resolv.conf": "nameserver ::1\n" }))).toThrow("loopback"))
  it("are nobody where a bundle is used and there are none", () => {
    expect(resolvConf(undefined, from({}), true)).toBe("nameserver 192.0.2.1\n")
    expect(
      resolvConf(
        undefined,
        from({ "/etc/resolv.conf": "nameserver 127.0.0.53\n", "/run/systemd/resolve/resolv.conf": "search a\n" }),
        true,
      ),
    ).toBe("nameserver 192.0.2.1\n")
    expect(resolvConf(undefined, from({ "/etc/resolv.conf": "nameserver 9.9.9.9\n" }), true)).toContain("9.9.9.9")
  })
  it("may be given", () => expect(resolvConf("1.1.1.1,8.8.8.8", from({}))).toBe("nameserver 1.1.1.1\nnameserver 8.8.8.8\n"))
})

describe("apt's proxies", () => {
  it("reach mmdebstrap by a file for its owner", () => {
    const folder = mkdtempSync(join(tmpdir(), "daggerw-apt-"))
    const lines = ['Acquire::http::Proxy "http://bob:hunter2@proxy:3128";']
    const options = aptOptions(lines, folder)
    expect(options.join()).not.toContain("hunter2")
    const file = options[0]!.replace("--aptopt=", "")
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual([`${lines[0]}\n`, 0o600])
    expect(aptOptions([], folder)).toEqual([])
    rmSync(folder, { recursive: true })
  })
})

describe("the whole name of an image", () => {
  it.each([
    ["shop", "docker.io/library/shop:latest"],
    ["shop:1.0", "docker.io/library/shop:1.0"],
    ["docker.io/shop:1.0", "docker.io/library/shop:1.0"],
    ["example/shop:1.0", "docker.io/example/shop:1.0"],
    ["docker.io/example/shop:1.0", "docker.io/example/shop:1.0"],
    ["localhost/shop:1.0", "localhost/shop:1.0"],
    ["127.0.0.1:5000/shop", "127.0.0.1:5000/shop:latest"],
    ["ghcr.io/me/im/shop@sha256:00", "ghcr.io/me/im/shop@sha256:00"],
  ])("of %s is %s", (short, whole) => {
    expect(fullName(short)).toBe(whole)
  })
})

describe("messages", () => {
  it("know a full disk", () =>
    expect(explain(new Error("ENOSPC: no space left on device, write"))).toMatch(/the disk is full[\s\S]*next: free some space/))
  it("know a missing network", () => expect(knownCause("dial tcp: lookup proxy: no such host")?.message).toContain("network"))
  it("show no stack", () => expect(explain(new Problem("broken", "fix it"))).toBe("daggerw: error: broken\ndaggerw: next: fix it"))
  it("quote for a shell", () => expect(shellWord("it's $HOME")).toBe("'it'\\''s $HOME'"))
  it("write numbers for people", () => expect([duration(75), duration(3700), bytes(2.5e9)]).toEqual(["1 min 15 s", "1 h 1 min", "2.5 GB"]))
})
