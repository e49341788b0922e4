// The script that lets builds take turns runs here as it does in a container.
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { inTurn } from "../../src/plan/build/turns.js"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "turns-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Starts a build that prints a line when it has its turn, and ends when its input does. */
function build(name: string, turns: number) {
  const [program, ...words] = inTurn(name, ["sh", "-c", 'echo "$0 builds"; cat; exit 7', name], { turns, folder })
  const process: ChildProcess = spawn(program, words)
  let output = ""
  const heard: (() => void)[] = []
  for (const stream of [process.stdout!, process.stderr!]) {
    stream.on("data", (text) => {
      output += text
      for (const listen of heard) listen()
    })
  }
  const ended = new Promise<number | null>((resolve) => process.on("close", resolve))
  return {
    ended,
    output: () => output,
    says: (words: RegExp) =>
      new Promise<void>((resolve) => {
        const listen = () => words.test(output) && resolve()
        heard.push(listen)
        listen()
      }),
    finish: () => process.stdin!.end(),
    kill: () => process.kill("SIGKILL"),
  }
}

describe("builds that take turns", () => {
  it("wait for each other, say for whom, and end as their command does", async () => {
    const first = build("server", 1)
    await first.says(/server builds/)
    const second = build("chat", 1)
    await second.says(/^waiting to build chat: busy with server \(since \d\d:\d\d:\d\d\)\n$/)
    expect(second.output()).not.toContain("chat builds")
    first.finish()
    expect(await first.ended).toBe(7)
    await second.says(/building chat now, after \d+ s\n(.|\n)*chat builds/)
    second.finish()
    expect(await second.ended).toBe(7)
  })

  it("say nothing when nobody waits", async () => {
    const both = [build("server", 2), build("chat", 2)]
    await Promise.all([both[0].says(/server builds/), both[1].says(/chat builds/)])
    for (const one of both) one.finish()
    await Promise.all(both.map(({ ended }) => ended))
    expect(both.map((one) => one.output())).toEqual(["server builds\n", "chat builds\n"])
  })

  it("get the turn of one that was killed", async () => {
    const first = build("server", 1)
    await first.says(/server builds/)
    first.kill()
    const second = build("chat", 1)
    await second.says(/chat builds/)
    second.finish()
    expect(await second.ended).toBe(7)
  })
})
