// Each requirement of this machine with ok or how to fix it. Nothing is changed and nothing large is fetched.

import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { withoutCredentials } from "../src/base/addresses"
import { Problem } from "../src/base/problem"
import { compareVersions } from "../src/base/versionNumbers"
import { shownProxy } from "../src/mirrors/proxies"
import { wantedGo } from "./build/go"
import { named, secure } from "./download"
import { extraCertificates } from "./engine/certificates"
import { containerTool } from "./engine/docker"
import { namespacesRefusal } from "./engine/namespaces"
import { resolvConf } from "./engine/network"
import { env, proxies, VARIABLES } from "./env"
import { mirrorSettings } from "./mirrors"
import { bytes } from "./output"
import { cacheDir } from "./paths"
import { sentence } from "./problem"
import { givenCli, givenEngine, ownEngine, pathCli, pathRefusal, readyCli } from "./ready"
import { hasApt, installCommand, isRoot, missing, TOOLS, type ToolName } from "./requirements"
import { attempt } from "./run"
import { DAGGER, RELEASES } from "./versions"

type Verdict = "ok" | "note" | "fix"

interface Finding {
  name: string
  verdict: Verdict
  text: string
}

/** What the build of CLI, engine, root file systems and images takes. */
const DISK = 8e9

export async function doctor(): Promise<number> {
  const findings: Finding[] = []
  const check = async (name: string, work: () => Promise<[Verdict, string]> | [Verdict, string]): Promise<void> => {
    try {
      const [verdict, text] = await work()
      findings.push({ name, verdict, text })
    } catch (error) {
      const next = error instanceof Problem && error.next ? `; ${error.next}` : ""
      findings.push({ name, verdict: "fix", text: `${sentence(error)}${next}` })
    }
    const last = findings.at(-1)!
    process.stdout.write(`${{ ok: "ok  ", note: "-   ", fix: "FIX " }[last.verdict]} ${last.name}: ${withoutCredentials(last.text)}\n`)
  }

  await check("Node", () => ["ok", process.version])
  await check("cache folder", () => {
    const parent = existsSync(cacheDir) ? cacheDir : "/"
    const { bavail, bsize } = statfsSync(parent)
    const free = bavail * bsize
    return free < DISK
      ? ["fix", `${cacheDir} has ${bytes(free)} free, a build from packages takes ${bytes(DISK)}: set OPENIM_CACHE to a larger disk`]
      : ["ok", `${cacheDir}, ${bytes(free)} free`]
  })
  await check("Dagger CLI", () => {
    const cli = givenCli() ?? pathCli() ?? readyCli()
    return cli ? ["ok", `${cli.path} (${cli.by})`] : ["note", `none yet (PATH: ${pathRefusal()}); the first call gets ${DAGGER}`]
  })
  await check("official release", async () => {
    const base = env("OPENIM_DAGGER_RELEASES") ?? RELEASES
    const work = mkdtempSync(join(tmpdir(), "daggerw-"))
    const answer = await attempt([
      "curl",
      ...secure(base),
      "-fsSLI",
      "--connect-timeout",
      "5",
      "--max-time",
      "10",
      ...named(`${base}/${DAGGER.slice(1)}/checksums.txt`, work, "curl"),
    ])
    rmSync(work, { recursive: true })
    return answer.code === 0 ? ["ok", base] : ["note", `${base} cannot be reached: the CLI is built from Go modules`]
  })
  const given = Boolean(env("_EXPERIMENTAL_DAGGER_RUNNER_HOST"))
  const docker = await containerTool()
  const namespaces = await namespacesRefusal()
  await check("engine", async () => {
    const named = givenEngine()
    if (named) return ["ok", named.host]
    const own = await ownEngine()
    return own ? ["ok", `${own.host} answers`] : ["note", "none runs; the next call starts one"]
  })
  await check("Docker, podman or nerdctl", () => (docker.tool ? ["ok", `${docker.tool} answers`] : ["note", docker.reason]))
  await check("engine without Docker", () => {
    if (!namespaces) return ["ok", "namespaces can be made"]
    return [
      docker.tool || given ? "note" : "fix",
      `${namespaces}${docker.tool || given ? "" : "; run as root, or start Docker, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST"}`,
    ]
  })
  for (const name of Object.keys(TOOLS) as ToolName[]) {
    await check(name === "keyring" ? TOOLS[name].package : `${TOOLS[name].command} (${TOOLS[name].package})`, async () => {
      const [lacking] = await missing([name])
      if (!lacking) return ["ok", name === "go" ? await goText() : TOOLS[name].purpose]
      const self = isRoot() && hasApt()
      return [
        self || docker.tool || given ? "note" : "fix",
        `missing (${lacking.purpose})${self ? ": installed when it is needed" : `: ${installCommand([lacking])}`}`,
      ]
    })
  }
  await check("name servers for the engine", () => [
    "ok",
    resolvConf(env("OPENIM_DNS"))
      .match(/^nameserver\s+\S+/gm)
      ?.map((line) => line.split(/\s+/)[1])
      .join(", ") ?? "",
  ])
  await check("certificates for the engine", () => ["ok", `${extraCertificates().length} beyond the usual ones`])
  if (env("OPENIM_MIRRORS")) await check("mirrors", mirrorVerdict)
  for (const { name } of VARIABLES) if (process.env[name] && !(name in proxies())) await check(name, () => ["note", process.env[name]!])
  for (const [name, value] of Object.entries(proxies())) {
    if (process.env[name]) await check(name, () => ["note", /^no_proxy$/i.test(name) ? value : shownProxy(value)])
  }
  return findings.some((finding) => finding.verdict === "fix") ? 1 : 0
}

async function goText(): Promise<string> {
  const version = (await attempt(["go", "env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } })).stdout.trim().replace(/^go/, "")
  return compareVersions(version, wantedGo()) >= 0 ? version : `${version}; it fetches ${wantedGo()} when it is needed`
}

async function mirrorVerdict(): Promise<[Verdict, string]> {
  const refusals: string[] = []
  const found = Object.entries(await mirrorSettings((line) => refusals.push(line)))
  const summary = [...found.map(([name, value]) => `${name}=${value}`), ...refusals].join("; ")
  return found.length > 0 ? ["ok", summary] : ["note", summary || "everything that they would set is set already"]
}
