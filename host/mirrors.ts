// OPENIM_MIRRORS: the presets and addresses of the module's --mirrors, for what is built and started on this host. Nothing that
// the user has set is changed.
import { rootCertificates } from "node:tls"
import { ask } from "../src/mirrors/ask"
import { askSeconds, goproxyLine, mirrorChoice } from "../src/mirrors/choice"
import { readMirrorEntries } from "../src/mirrors/entries"
import { readProxies } from "../src/mirrors/proxies"
import { extraCertificates } from "./engine/certificates"
import { env, type VariableName } from "./env"
import { say } from "./output"
import { attempt } from "./run"

/** The variables that OPENIM_MIRRORS comes to. Where one takes a single mirror it is the first that answers. */
export async function mirrorSettings(log: (line: string) => void = say): Promise<Partial<Record<VariableName, string>>> {
  const given =
    env("OPENIM_MIRRORS")
      ?.split(/[\s,]+/)
      .filter(Boolean) ?? []
  if (given.length === 0) return {}
  const proxies = readProxies(process.env)
  const trusted = [...rootCertificates, ...extraCertificates()]
  const choice = mirrorChoice(readMirrorEntries(given, undefined, "OPENIM_MIRRORS"), (url) => ask(url, proxies, askSeconds, trusted), log)
  const wanted: [VariableName, () => Promise<string | undefined>][] = [
    [
      "GOPROXY",
      async () =>
        (await toolHas(["go", "env", "GOPROXY"], "https://proxy.golang.org,direct")) ? undefined : goproxyLine(await choice.of("go")),
    ],
    [
      "npm_config_registry",
      async () =>
        (await toolHas(["npm", "config", "get", "registry"], "https://registry.npmjs.org/")) ? undefined : (await choice.of("npm"))[0],
    ],
    ["OPENIM_DEBIAN_MIRROR", async () => (await choice.of("apt", "debian"))[0]],
    ["OPENIM_REGISTRY_MIRRORS", async () => (await choice.of("docker")).join(",") || undefined],
  ]
  const missing = wanted.filter(([name]) => env(name) === undefined)
  const values = await Promise.all(missing.map(async ([name, value]) => [name, await value()] as const))
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

/** For every tool that is started from here on, and for the engine. */
export async function applyMirrors(): Promise<void> {
  for (const [name, value] of Object.entries(await mirrorSettings())) {
    say(`OPENIM_MIRRORS: ${name}=${value}`)
    process.env[name] = value
  }
}

/** Has the user chosen something in the tool's own files? */
async function toolHas(question: string[], usual: string): Promise<boolean> {
  const answer = await attempt(question, { limitSeconds: 20 })
  const value = answer.stdout.trim()
  return answer.code === 0 && value !== "" && value !== usual
}
