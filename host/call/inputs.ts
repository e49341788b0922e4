// Values that can be judged before anything starts: is the secret there, is the path there, can an address work at all?
import { accessSync, constants, statSync } from "node:fs"
import { homedir } from "node:os"
import { isAbsolute, join, resolve } from "node:path"
import { messageOf } from "../../src/base/errors"
import { unknownName } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { checkCallMirrors } from "../../src/mirrors/entries"
import type { GivenOption } from "./arrange"

/** Throws a Problem in one line that names the option. */
export function checkInputs(
  options: GivenOption[],
  /** What paths are relative to. */
  folder: string | ((option: GivenOption) => string),
  environment: Record<string, string | undefined>,
): void {
  for (const option of options) checkInput(option, typeof folder === "string" ? folder : folder(option), environment)
}

function checkInput(option: GivenOption, folder: string, environment: Record<string, string | undefined>): void {
  const { shown, value, type, own } = option
  const values = type.startsWith("[") ? value.split(",").map((one) => one.trim()) : [value.trim()]
  if (values.every((one) => one === "")) {
    // Dagger's own objects have options that may well be empty, such as the value of a variable.
    if (own) throw new Problem(`${shown} is empty: give it a value, or leave it out (is a variable in it not set?)`)
    return
  }
  const check = CHECKS[type.replace(/^\[(.*)\]$/, "$1")]
  for (const one of values) check?.(shown, one, folder, environment)
  if (own && option.name === "mirrors" && option.function === undefined) mirrors(shown, values)
}

/** What the module would say, said now. */
function inOneLine(check: () => void): void {
  try {
    check()
  } catch (error) {
    throw new Problem(messageOf(error))
  }
}

type Check = (shown: string, value: string, folder: string, environment: Record<string, string | undefined>) => void

const CHECKS: Record<string, Check> = {
  Secret: secret,
  Directory: (shown, value, folder) => path(shown, value, folder, "folder"),
  File: (shown, value, folder) => path(shown, value, folder, "file"),
  Socket: (shown, value, folder) => path(shown, value.replace(/^unix:\/\//, ""), folder, "socket"),
  Service: service,
}

/** An address of a git repository, which Dagger reads itself. */
export const isRemote = (value: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(value.replace(/^file:\/\//, "")) || /^[^/]+@[^/]+:/.test(value)

export function absolute(value: string, folder: string): string {
  const plain = value.replace(/^file:\/\//, "")
  if (plain === "~" || plain.startsWith("~/")) return join(homedir(), plain.slice(1))
  return isAbsolute(plain) ? plain : resolve(folder, plain)
}

function path(shown: string, value: string, folder: string, wanted: "folder" | "file" | "socket"): void {
  if (isRemote(value)) return
  const where = absolute(value, folder)
  const entry = statSync(where, { throwIfNoEntry: false })
  if (entry === undefined) {
    // github.com/owner/name is an address as well.
    if (/^[a-z0-9-]+(\.[a-z0-9-]+)+\//i.test(value)) return
    throw new Problem(`${shown}: there is no ${wanted} ${where}`)
  }
  const found = entry.isDirectory() ? "folder" : entry.isSocket() ? "socket" : "file"
  if (found !== wanted) throw new Problem(`${shown}: ${where} is a ${found}, but a ${wanted} is needed`)
  if (wanted === "socket") return
  try {
    accessSync(where, constants.R_OK)
  } catch {
    throw new Problem(`${shown}: ${where} may not be read by this user`)
  }
}

function secret(shown: string, value: string, folder: string, environment: Record<string, string | undefined>): void {
  const [, scheme, rest] = /^([a-z][a-z0-9+-]*):(?:\/\/)?([^?]*)/i.exec(value) ?? []
  if (scheme === undefined) {
    // Dagger takes it as a variable's name. It may be the password itself, so it is not shown.
    if (environment[value] !== undefined) return
    throw new Problem(
      `${shown} takes the place of a secret, not its value: ${shown}=env://NAME for a variable, ${shown}=file://PATH for a file`,
    )
  }
  if (scheme === "env") {
    const found = environment[rest!]
    if (found === undefined) throw new Problem(`${shown}: the variable ${rest} is not set: export ${rest}=… first`)
    if (found === "") throw new Problem(`${shown}: the variable ${rest} is empty`)
  } else if (scheme === "file") {
    path(shown, rest!, folder, "file")
    if (statSync(absolute(rest!, folder)).size === 0) throw new Problem(`${shown}: the file ${absolute(rest!, folder)} is empty`)
  } else if (!SECRETS.includes(scheme)) {
    throw new Problem(`${shown}: secrets come from ${SECRETS.map((name) => `${name}://`).join(", ")}, not from ${scheme}:`)
  }
}

const SECRETS = ["env", "file", "cmd", "op", "vault", "libsecret", "gcp", "aws+sm", "aws+ps"]

function service(shown: string, value: string): void {
  if (!/^(tcp|udp):\/\/[^\s/:]+:\d+\/?$/.test(value))
    throw new Problem(`${shown}: a service is given as tcp://HOST:PORT, such as tcp://localhost:5000`)
}

function mirrors(shown: string, values: string[]): void {
  inOneLine(() =>
    checkCallMirrors(
      values.filter((one) => one !== ""),
      shown,
      unknownName,
    ),
  )
}
