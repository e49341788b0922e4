// Tools of the host. What is missing is installed where that is ours to do (root on Debian or Ubuntu), otherwise named.
import { existsSync } from "node:fs"
import { Problem } from "../src/base/problem"
import { step } from "./progress"
import { run, which } from "./run"

export interface Tool {
  command: string
  /** Debian's package. */
  package: string
  purpose: string
  /** Also needed on disk, where the package may come without it. */
  file?: string
}

export const TOOLS = {
  go: { command: "go", package: "golang-go", purpose: "builds the CLI and the engine, and fetches the Go version they need" },
  mmdebstrap: { command: "mmdebstrap", package: "mmdebstrap", purpose: "makes root file systems from Debian packages" },
  keyring: {
    command: "true",
    package: "debian-archive-keyring",
    purpose: "Debian's signing keys",
    file: "/usr/share/keyrings/debian-archive-keyring.gpg",
  },
  tar: { command: "tar", package: "tar", purpose: "packs and unpacks archives" },
  npm: { command: "npm", package: "npm", purpose: "fetches the TypeScript SDK" },
  ip: { command: "ip", package: "iproute2", purpose: "the engine's own network" },
  iptables: { command: "iptables", package: "iptables", purpose: "lets the engine's network out" },
  unshare: { command: "unshare", package: "util-linux", purpose: "the engine's own namespaces" },
  nsenter: { command: "nsenter", package: "util-linux", purpose: "the engine's own namespaces" },
} satisfies Record<string, Tool>

export type ToolName = keyof typeof TOOLS

/** The tools among these that are not there. */
export async function missing(names: ToolName[]): Promise<Tool[]> {
  const found: Tool[] = []
  for (const name of names) {
    const tool: Tool = TOOLS[name]
    // Where PATH lacks the administrator's folders, as for many users, the tool itself is there all the same.
    const there =
      (await which(tool.command)) ?? ["/usr/sbin", "/sbin"].map((dir) => `${dir}/${tool.command}`).find((path) => existsSync(path))
    if (!there || (tool.file && !existsSync(tool.file))) found.push(tool)
  }
  return found
}

export const isRoot = (): boolean => process.getuid?.() === 0
export const hasApt = (): boolean => existsSync("/usr/bin/apt-get")

export function installCommand(tools: Tool[]): string {
  const packages = [...new Set(tools.map((tool) => tool.package))].join(" ")
  return `${isRoot() ? "" : "sudo "}apt-get install --no-install-recommends ${packages}`
}

/** Makes sure of the tools. */
export async function require(names: ToolName[]): Promise<void> {
  const lacking = await missing(names)
  if (lacking.length === 0) return
  const list = lacking.map((tool) => `${tool.package} (${tool.purpose})`).join(", ")
  if (!isRoot() || !hasApt()) {
    const how = hasApt() ? `run: ${installCommand(lacking)}` : "install them with your system's package manager (the names are Debian's)"
    throw new Problem(`missing on this host: ${list}`, how)
  }
  const packages = [...new Set(lacking.map((tool) => tool.package))]
  await step({ name: `apt ${packages.join(" ")}`, title: `Installing ${packages.join(", ")}`, seconds: 40 }, async (note) => {
    const options = {
      env: { DEBIAN_FRONTEND: "noninteractive" },
      log: "apt.log",
      purpose: `installing ${packages.join(", ")}`,
      onLine: (line: string) => note(line.slice(0, 70)),
    }
    await run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "update"], options)
    await run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", ...packages], options)
  })
}
