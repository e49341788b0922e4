// A container with insecureRootCapabilities has all rights of root on the host of the engine: that is for suites that need it alone.
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

/** Suites that run tools of containers inside a container, or make a container's root file system read-only. */
const allowed = [
  "tests/suites/deploy.ts",
  "tests/suites/dockerfiles.ts",
  "tests/suites/installed.ts",
  "tests/suites/kubernetes.ts",
  "tests/suites/podman.ts",
]

/** Files whose code, comments apart, asks for such rights. */
function asking(files: Record<string, string>): string[] {
  return Object.keys(files).filter((name) =>
    /insecureRootCapabilities|experimentalPrivilegedNesting|privileged: *true/.test(files[name]!.replace(/^\s*(\/\/|\*).*$/gm, "")),
  )
}

describe("rights over the host", () => {
  it("are for the suites that need them", () => {
    const below = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`)
    const names = [...below("src"), ...below("tests/suites")].filter((name) => name.endsWith(".ts"))
    const found = asking(Object.fromEntries(names.map((name) => [name, readFileSync(name, "utf8")])))
    expect(found.filter((name) => !allowed.includes(name))).toEqual([])
    // A suite that no longer needs them goes from the list.
    expect(allowed.filter((name) => !found.includes(name))).toEqual([])
  })

  it("are noticed wherever they are asked for", () => {
    expect(
      asking({
        a: ".withExec([], { insecureRootCapabilities: true })",
        b: "// insecureRootCapabilities would do",
        c: ".asService({ experimentalPrivilegedNesting: true })",
      }),
    ).toEqual(["a", "c"])
  })
})
