import { execFileSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** What the script prints where this tool alone is installed, which prints its arguments and two lines out of order. */
function listed(tool: string, form: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "packages-"))
  folders.push(folder)
  writeFileSync(join(folder, tool), `#!/bin/sh\nprintf '%s\\n' "$*" zlib acl\n`)
  chmodSync(join(folder, tool), 0o755)
  symlinkSync("/bin/sh", join(folder, "sh"))
  symlinkSync("/usr/bin/sort", join(folder, "sort"))
  const env = { PATH: folder }
  return execFileSync("/bin/sh", ["shell/list-packages.sh", form], { encoding: "utf8", env }).trim().split("\n")
}

describe("the list of what is installed", () => {
  it("has the names as dpkg, rpm and apk list them, in a fixed order", () => {
    expect(listed("dpkg-query", "names")).toEqual(["-W", "acl", "zlib"])
    expect(listed("rpm", "names")).toEqual(["-qa", "acl", "zlib"])
    expect(listed("apk", "names")).toEqual(["acl", "info -v", "zlib"])
  })

  it("has what the package manager takes", () => {
    expect(listed("dpkg-query", "specifications")[0]).toBe("-W -f ${Package} ${Version} ${Package}=${Version}\\n")
    expect(listed("rpm", "specifications")).toContain("-qa --qf %{NAME} %{VERSION}-%{RELEASE} %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n")
  })
})
