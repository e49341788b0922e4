// Four callers build at once, two of them the same: nobody waits in silence, and the same source gives the same digest. On the usual
// engine, where CI has built the tools before.
import { spawn } from "node:child_process"
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { type Done, finished, project } from "./sandbox"

const MINUTE = 60_000
const root = mkdtempSync(join(tmpdir(), "daggerw-together-"))
const shop = join(project, "tests/fixtures/shop")
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The shop with the tools that images need. */
function catalogue(): void {
  const folder = join(root, "catalogue")
  cpSync(join(shop, "catalogue"), folder, { recursive: true })
  const tools = /^tools:\n(?: .*\n|\n|#.*\n)+/m.exec(readFileSync(join(project, "stacks/openim/versions.yaml"), "utf8"))![0]
  const versions = join(folder, "versions.yaml")
  writeFileSync(versions, readFileSync(versions, "utf8").replace("tools: {}\n", tools))
}

/** The shop as nobody has built it before, by a magefile that takes a while, so that builds meet. */
function source(name: string): string {
  const folder = join(root, name)
  mkdirSync(folder)
  cpSync(join(shop, "source"), folder, { recursive: true })
  const magefile = `//go:build mage

package main

import (
	"os/exec"
	"time"
)

// ${name} ${Date.now()}
func Build() error {
	time.Sleep(20 * time.Second)
	for _, program := range []string{"shop-api", "shop-worker"} {
		if err := exec.Command("go", "build", "-o", "_output/bin/platforms/linux/amd64/"+program, "./cmd/"+program).Run(); err != nil {
			return err
		}
	}
	return nil
}
`
  writeFileSync(join(folder, "magefile.go"), magefile)
  return folder
}

/** A build of the folder by one caller. */
function build(from: string): Promise<Done> {
  const options = ["--progress=logs", "call", `--catalogue=${join(root, "catalogue")}`, `--source=${from}`]
  const words = [...options, "build", "--component=shop", "--builder=mage", "rootfs", "digest"]
  return finished(spawn(join(project, "daggerw"), words, { cwd: project, stdio: ["ignore", "pipe", "pipe"] }))
}

it("builds at once end with the same digest, and one that waits says for whom", { timeout: 20 * MINUTE }, async () => {
  catalogue()
  const one = source("one")
  const began = Date.now()
  const done = await Promise.all([one, one, source("two"), source("three")].map(build))
  process.stderr.write(`together: four builds in ${Math.round((Date.now() - began) / 1000)} s\n`)
  for (const { code, stderr } of done) expect(code, stderr.slice(-3000)).toBe(0)
  const [first, second] = done.map(({ stdout }) => stdout.trim())
  expect(first).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(second).toBe(first)
  // Two compile at a time, so of three different ones one has to wait.
  const all = done.map(({ stderr }) => stderr).join("\n")
  expect(all).toMatch(/waiting to build shop with mage: busy with shop with mage \(since \d\d:\d\d:\d\d\), shop with mage \(since /)
  expect(all).toMatch(/building shop with mage now, after \d+ s/)
})

it("the same build in a later call is answered without running it, and an edited source is built", { timeout: 10 * MINUTE }, async () => {
  const one = join(root, "one")
  const again = await build(one)
  expect(again.code, again.stderr.slice(-3000)).toBe(0)
  expect(again.stderr).not.toContain("built shop")
  appendFileSync(join(one, "cmd/shop-api/main.go"), "\nvar edited = true\n")
  const edited = await build(one)
  expect(edited.code, edited.stderr.slice(-3000)).toBe(0)
  expect(edited.stderr).toContain("built shop")
  expect(edited.stdout).not.toBe(again.stdout)
})
