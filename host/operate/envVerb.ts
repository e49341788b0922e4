// The file .env: made at the first use, protected afterwards, checked and repaired on demand.
import { randomInt } from "node:crypto"
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
import { createInterface } from "node:readline/promises"
import { jsonText } from "../../src/base/format"
import { unknownName } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { table } from "../../src/base/table"
import { entriesByKey, envText, lineDiff, parseEnv, withKey, writtenValue } from "../../src/plan/deploy/envFile"
import {
  checkEnv,
  effectiveSettings,
  environments,
  hiddenLine,
  makeEnv,
  publicUrl,
  repairEnv,
  secretValues,
  shown,
} from "../../src/plan/deploy/settings"
import { writeFileAtomic } from "../files"
import { findEngine, volumesOf } from "./engine"
import { type Folder, projectName, readEnv } from "./folder"
import { ownAddresses } from "./machine"
import { EXIT, findingLines, hide, onTerminal, Refusal, result, say } from "./print"

const BACKUPS = 20
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

export const generate = (count: number): string => Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join("")

export interface FirstUse {
  address?: string | undefined
  environment?: string | undefined
  profiles?: string[]
}

export interface EnvOptions extends FirstUse {
  yes: boolean
  json: boolean
}

/** A copy of .env beside it, before each change; the last 20 stay. */
export function backupEnv({ env, path }: Folder): string | undefined {
  if (!existsSync(env)) return undefined
  const now = new Date()
  const two = (value: number): string => String(value).padStart(2, "0")
  const stamp = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}_${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`
  const target = `${env}.backup.${stamp}`
  // Within one second the first copy is the one that is worth keeping.
  if (!existsSync(target)) copyFileSync(env, target)
  const all = readdirSync(path)
    .filter((name) => /^\.env\.backup\.\d{8}_\d{6}$/.test(name))
    .sort()
  for (const name of all.slice(0, Math.max(0, all.length - BACKUPS))) rmSync(join(path, name), { force: true })
  return basename(target)
}

/** What a newer kit asks for. */
export function addSettings(folder: Folder, { names, text }: { names: string[]; text: string }): void {
  if (names.length === 0) return
  writeEnv(folder, text)
  say(`added to .env: ${names.join(", ")}`)
}

export function writeEnv(folder: Folder, text: string): void {
  const copy = backupEnv(folder)
  try {
    writeFileAtomic(folder.env, text, 0o600)
  } catch (error) {
    throw new Problem(
      `${folder.env} cannot be written: ${(error as Error).message}`,
      "free some space or correct the rights of the folder; the file is as it was",
    )
  }
  if (copy) say(`kept the file as it was: ${copy}`)
}

export interface Ensured {
  text: string
  firstUse: boolean
  generated: string[]
}

/** .env as it is, or the first one. With `dry`, nothing is written. */
export async function ensureEnv(folder: Folder, options: FirstUse, dry = false): Promise<Ensured> {
  const { environment } = options
  if (environment !== undefined && !environments.includes(environment)) throw unknownName("environment", environment, environments)
  const there = readEnv(folder)
  if (there !== undefined) return { text: changedEnv(folder, there, options, dry), firstUse: false, generated: [] }
  const template = templateOf(folder)
  if (!template) throw new Problem(`${join(folder.path, "env.template")} is missing`, "unpack the kit again")
  const { text } = template
  const given = await givenValues(folder, text, options)
  const made = makeEnv(folder.deployment, text, given, generate)
  hide(secretValues(folder.deployment, made.text))
  if (!dry) {
    writeEnv(folder, made.text)
    say(`made ${folder.env} from ${template.name}: ${made.generated.length} secrets generated, readable for its owner alone`)
  }
  return { ...made, firstUse: true }
}

function templateOf({ path }: Folder): { name: string; text: string } | undefined {
  const name = ["env.template", ".env.example"].find((name) => existsSync(join(path, name)))
  return name === undefined ? undefined : { name, text: readFileSync(join(path, name), "utf8") }
}

/** What the call itself gives changes .env, too: only these two. */
function changedEnv(folder: Folder, text: string, { address, environment, profiles = [] }: FirstUse, dry: boolean): string {
  const file = parseEnv(text)
  const effective = effectiveSettings(folder.deployment, file)
  const has = (name: string): boolean => folder.deployment.settings.some((setting) => setting.name === name)
  let lines = file.lines
  if (address !== undefined && has("PUBLIC_URL")) {
    const url = publicUrl(address, effective.get("TLS")?.value ?? "off")
    if (effective.get("PUBLIC_URL")?.value !== url) lines = withKey(lines, "PUBLIC_URL", writtenValue(url))
  }
  const current = effective.get("ENVIRONMENT")?.value ?? entriesByKey(file).get("ENVIRONMENT")?.text
  if (environment !== undefined && environment !== (current ?? "production")) lines = withKey(lines, "ENVIRONMENT", environment)
  const wanted = profiles.join(",")
  if (wanted !== "" && has("COMPOSE_PROFILES") && effective.get("COMPOSE_PROFILES")?.value !== wanted)
    lines = withKey(lines, "COMPOSE_PROFILES", writtenValue(wanted))
  if (lines === file.lines) {
    say(`${folder.env} is kept as it is`)
    hide(secretValues(folder.deployment, text))
    return text
  }
  const changed = envText(lines)
  for (const line of lineDiff(file.lines, lines)) say(`.env: ${hiddenLine(folder.deployment, line)}`)
  if (!dry) writeEnv(folder, changed)
  hide(secretValues(folder.deployment, changed))
  return changed
}

async function givenValues(
  folder: Folder,
  template: string,
  { address, environment, profiles = [] }: FirstUse,
): Promise<Record<string, string>> {
  const given: Record<string, string> = {}
  if (profiles.length > 0 && folder.deployment.settings.some(({ name }) => name === "COMPOSE_PROFILES"))
    given["COMPOSE_PROFILES"] = profiles.join(",")
  if (environment !== undefined) given["ENVIRONMENT"] = environment
  if (!folder.deployment.settings.some(({ name }) => name === "PUBLIC_URL")) return given
  const tls = effectiveSettings(folder.deployment, parseEnv(template)).get("TLS")?.value ?? "off"
  if (address !== undefined) return { ...given, PUBLIC_URL: publicUrl(address, tls) }
  const detected = ownAddresses()[0]
  if (!onTerminal()) {
    if (!detected)
      throw new Refusal(
        "the address of this machine was not found",
        EXIT.refused,
        "name the one that the users reach: openimctl deploy --address=im.company.com",
      )
    say(`taking ${detected} as the address of this machine; another one: --address=im.company.com`)
    return { ...given, PUBLIC_URL: publicUrl(detected, tls) }
  }
  const answer =
    (await question(`Address under which the users reach this machine${detected ? ` [${detected}]` : ""}: `)).trim() || detected
  if (!answer) throw new Refusal("an address is needed", EXIT.refused, "openimctl deploy --address=im.company.com")
  return { ...given, PUBLIC_URL: publicUrl(answer, tls) }
}

export async function question(text: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await reader.question(text)
  } finally {
    reader.close()
  }
}

/** Goes on only where somebody types the project's name, or the call has it. `next` is said where that is not so. */
export async function nameTyped(project: string, confirm: string | undefined, next: string): Promise<void> {
  const answer = confirm ?? (onTerminal() ? (await question("Type the project's name to go on: ")).trim() : undefined)
  if (answer === project) return
  throw new Refusal(
    answer === undefined ? "the project's name is asked for on a terminal" : `"${answer}" is not the project's name`,
    EXIT.refused,
    next,
  )
}

/** Yes from the terminal or from --yes; without both, no. */
export async function agreed(text: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  if (!onTerminal()) return false
  return /^y(es)?$/i.test((await question(`${text} [y/N] `)).trim())
}

function present(folder: Folder): string {
  const text = readEnv(folder)
  if (text === undefined)
    throw new Problem(`${folder.env} is missing`, "openimctl deploy makes it, or: cp env.template .env && openimctl env repair")
  hide(secretValues(folder.deployment, text))
  return text
}

export function envCheck(folder: Folder, { environment, json }: EnvOptions): number {
  const findings = checkEnv(folder.deployment, present(folder), environment)
  const errors = findings.filter(({ severity }) => severity === "error").length
  if (json) result(jsonText({ ok: errors === 0, findings }))
  else
    result(
      findings.length === 0
        ? `${folder.env} is fine\n`
        : `${findingLines(findings)}${errors} errors, ${findings.length - errors} warnings\n`,
    )
  return errors > 0 ? EXIT.refused : EXIT.fine
}

export function envShow(folder: Folder, { json }: EnvOptions, names: string[]): number {
  const known = folder.deployment.settings.map(({ name }) => name)
  for (const name of names) if (!known.includes(name)) throw unknownName("setting", name, known)
  const file = parseEnv(readEnv(folder) ?? "")
  const effective = effectiveSettings(folder.deployment, file)
  const rows = folder.deployment.settings
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((setting) => {
      const { value = "", source = "missing", line, earlierName } = effective.get(setting.name) ?? {}
      return {
        name: setting.name,
        value: shown(setting, value),
        from: source === ".env" ? `.env:${line}${earlierName ? ` (${earlierName})` : ""}` : source,
        to: setting.uses.map(({ service, variable, as }) => `${service} ${as === "file" ? `/run/secrets/${variable}` : variable}`),
        purpose: setting.purpose,
      }
    })
  result(
    json
      ? jsonText(rows)
      : table(
          ["setting", "value", "from", "to"],
          rows.map(({ name, value, from, to }) => [name, value, from, to.join(", ")]),
        ),
  )
  return EXIT.fine
}

/** What differs from the template, or from a backup. */
export function envDiff(folder: Folder, { json }: EnvOptions, [other]: string[]): number {
  const path = join(folder.path, other ?? "env.template")
  if (!existsSync(path)) {
    const known = readdirSync(folder.path).filter((name) => name.startsWith(".env.backup.") || name === "env.template")
    throw unknownName("file", other ?? "env.template", known)
  }
  const lines = lineDiff(parseEnv(readFileSync(path, "utf8")).lines, parseEnv(present(folder)).lines).map((line) =>
    hiddenLine(folder.deployment, line),
  )
  result(
    json
      ? jsonText({ from: basename(path), lines })
      : lines.length === 0
        ? `no difference from ${basename(path)}\n`
        : `${lines.join("\n")}\n`,
  )
  return EXIT.fine
}

export async function envRepair(folder: Folder, options: EnvOptions): Promise<number> {
  const text = present(folder)
  // Without an engine nobody knows which volumes there are: then all count as there.
  let volumes = folder.deployment.settings.flatMap(({ madeWith }) => madeWith ?? [])
  try {
    const engine = await findEngine()
    const values = Object.fromEntries(parseEnv(text).entries.map(({ key, text }) => [key, text]))
    volumes = (await volumesOf({ engine, project: projectName(folder, values) })).map(({ name }) => name)
  } catch (error) {
    say(`no engine was asked (${(error as Error).message}): secrets of volumes stay as they are`)
  }
  const repaired = repairEnv(folder.deployment, text, volumes, generate, {
    environment: options.environment,
    template: templateOf(folder)?.text ?? "",
  })
  hide(secretValues(folder.deployment, repaired.text))
  const open = repaired.left.filter(({ severity }) => severity === "error").length
  const code = open > 0 ? EXIT.refused : EXIT.fine
  const changed = repaired.text !== text
  const diff = lineDiff(parseEnv(text).lines, parseEnv(repaired.text).lines).map((line) => hiddenLine(folder.deployment, line))
  if (options.json) result(jsonText({ changes: repaired.changes, diff, left: repaired.left, written: changed && options.yes }))
  else {
    if (changed) result(`${repaired.changes.map((change) => `- ${change}\n`).join("")}${diff.join("\n")}\n`)
    else result("nothing to repair\n")
    if (repaired.left.length > 0) result(`what only you can decide:\n${findingLines(repaired.left)}`)
  }
  if (!changed) return code
  if (!(await agreed(`Change ${folder.env} like this?`, options.yes))) {
    say("nothing was changed; --yes changes it without a question")
    return EXIT.refused
  }
  writeEnv(folder, repaired.text)
  say(`repaired ${folder.env}`)
  return code
}
