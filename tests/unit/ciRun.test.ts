// The script that CI runs, with stand-ins for the commands that it calls.
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"

const script = fileURLToPath(new URL("../../.ci/run", import.meta.url))
let root: string
const put = (name: string, text: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
}

/** What each of the six commands prints, and how it ends. */
interface Answers {
  test?: string
  static?: string
  checks?: string
  engine?: string
  host?: string
  readme?: string
}

function run({
  test = "echo '5 passed, 0 failed'",
  static: withoutEngine = "echo '3 passed, 0 failed'",
  checks = ":",
  engine = "echo '3 passed, 0 failed'",
  host = "echo '2 passed, 0 failed'",
  readme = "echo '1 passed, 0 failed'",
}: Answers) {
  put("daggerw", `case "$*" in *" check "*) ${checks} ;; *tests/engine*) ${engine} ;; *) ${test} ;; esac`)
  put("tests/check", withoutEngine)
  put("tests/host/run", host)
  put("tests/readme", readme)
  const { status, stdout } = spawnSync("bash", [join(root, ".ci/run")], { encoding: "utf8", env: { PATH: process.env["PATH"] } })
  return { status, last: stdout.trimEnd().split("\n").at(-1) }
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ci-"))
  mkdirSync(join(root, ".ci"))
  cpSync(script, join(root, ".ci/run"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe("what CI runs", () => {
  it("ends in one line with all counts", () => {
    expect(run({})).toEqual({ status: 0, last: "16 passed, 0 failed" })
  })

  it("counts what was skipped", () => {
    expect(run({ host: "echo '2 passed, 0 failed, 17 skipped'", test: "echo '5 passed, 0 failed, 1 skipped'" })).toEqual({
      status: 0,
      last: "16 passed, 0 failed, 18 skipped",
    })
  })

  it("reads the counts from the message of a failed call", () => {
    const trace = " [traceparent:a91e1a4b04d82011892b6f1066ad5cad-31398f4eb4cf7af7]"
    for (const [before, after] of [
      ["! ", ""],
      ["  ", ""],
      ["Error: ", ""],
      ["! Error: ", trace],
      ["Error: ", trace],
      ["", trace],
    ]) {
      expect(run({ engine: `echo '${before}2 passed, 1 failed, 4 skipped${after}'; exit 1` })).toEqual({
        status: 1,
        last: "15 passed, 1 failed, 4 skipped",
      })
    }
  })

  it.each([
    ["a command that ends badly after good counts", { engine: "echo '3 passed, 0 failed'; exit 1" }, "16 passed, 1 failed"],
    ["a command that says nothing", { host: ":" }, "14 passed, 1 failed"],
    ["a command whose cases were all skipped", { host: "echo '0 passed, 0 failed, 17 skipped'" }, "14 passed, 1 failed, 17 skipped"],
    ["a failed check without an engine", { static: "echo '2 passed, 1 failed'; exit 1" }, "15 passed, 1 failed"],
    ["a failed check", { checks: "exit 1" }, "14 passed, 2 failed"],
    ["one of two failed checks", { checks: "[ $3 != tests:smoke ]" }, "15 passed, 1 failed"],
  ])("has %s as failed", (_, answers, last) => {
    expect(run(answers)).toEqual({ status: 1, last })
  })

  it("takes no counts from the middle of a line", () => {
    expect(run({ test: "echo 'a case that prints 900 passed, 0 failed'" })).toEqual({ status: 1, last: "11 passed, 1 failed" })
    expect(run({ test: "echo '5 passed, 0 failed of many'" })).toEqual({ status: 1, last: "11 passed, 1 failed" })
  })
})
