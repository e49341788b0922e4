import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { hurtByMerging, lastWords, noneStarts, readStarts, started, startReport } from "../../src/plan/build/starts.js"

const start = (code: number, output: string, program = "api") => ({ program, code, output })

describe("a program that is run with --help", () => {
  it.each([
    [0, "usage: api"],
    [124, "listening"],
    [137, ""],
    [2, "Usage of api:\n  -c string\n"],
    [1, "Error: unknown flag: --help"],
    [2, "flag provided but not defined: -help"],
  ])("has started with exit code %i and %j", (code, output) => expect(started(start(code, output))).toBe(true))

  it.each([
    [1, "2026/01/01 PAY_KEY is not set"],
    [2, "Usage: x\npanic: flag redefined: conf\n\ngoroutine 1 [running]:\n"],
    [2, "fatal error: all goroutines are asleep - deadlock!"],
    [139, ""],
    [1, ""],
  ])("has not with exit code %i and %j", (code, output) => expect(started(start(code, output))).toBe(false))
})

describe("why a program ended", () => {
  it("is what a crash begins with, not its trace", () => {
    const output = "starting\npanic: flag redefined: conf\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:3\n"
    expect(lastWords(start(2, output))).toEqual(["panic: flag redefined: conf"])
  })

  it("is else its last lines", () => {
    const output = Array.from({ length: 9 }, (_, index) => `line ${index}`).join("\n")
    expect(lastWords(start(1, output), 2)).toEqual(["line 7", "line 8"])
    expect(startReport(start(1, ""))).toBe("api (exit code 1): it printed nothing")
  })

  it("is said once none is left, for three at most", () => {
    expect(noneStarts([start(1, "no"), start(0, "", "push")])).toBeUndefined()
    expect(noneStarts([])).toBeUndefined()
    expect(noneStarts([start(1, "no key")])).toMatch(
      /^the program ends with an error when run with --help.*\napi \(exit code 1\):\n {2}no key$/,
    )
    const all = noneStarts(["a", "b", "c", "d"].map((name) => start(1, "no key", name)))
    expect(all).toMatch(/^all programs end/)
    expect(all).toContain("… and 1 more")
    expect(all).not.toContain("d (exit")
  })
})

it("a program is hurt by the others when it ends differently on its own", () => {
  const merged = [start(2, "panic: x", "api"), start(1, "no key", "pay"), start(0, "", "push")]
  const alone = [start(0, "usage", "api"), start(1, "no key", "pay")]
  expect(hurtByMerging(merged, alone).map(({ program }) => program)).toEqual(["api"])
})

it("the script runs each once and says how it ended, in order", () => {
  // Below /programs and /tmp/starts in a container.
  const folder = mkdtempSync(join(tmpdir(), "run-"))
  mkdirSync(join(folder, "programs"))
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, "programs", name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, "programs", name), 0o755)
  }
  program("api", 'echo "asked $1"')
  program("pay", "echo first; echo 'no key' >&2; exit 3")
  program("slow", "echo waiting; exec sleep 60")
  const script = readFileSync("shell/try-starts.sh", "utf8")
    .replaceAll("/programs/", `${folder}/programs/`)
    .replaceAll("/tmp/starts", `${folder}/starts`)
  const output = execFileSync("sh", ["-c", script, "start", "1", "slow", "api", "pay"], { encoding: "utf8" })
  expect(readStarts(output)).toEqual([
    start(124, "waiting\n", "slow"),
    start(0, "asked --help\n", "api"),
    start(3, "first\nno key\n", "pay"),
  ])
})
