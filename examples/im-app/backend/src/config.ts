// What the environment says. A secret may be in a file, which NAME_FILE names.

import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"

export interface Config {
  port: number
  /** Signs tokens. */
  secret: string
  /** The password of the account `admin`, which is made at the start. */
  adminPassword?: string
  /** How long a login lasts. */
  sessionSeconds: number
  /** Where accounts, messages and files are, for each store that is not named. */
  folder: string
  database?: { host: string; port: number; name: string; user: string; password: string }
  redis?: { host: string; port: number; password: string }
  files?: { url: string; bucket: string; key: string; secret: string }
}

type Environment = Record<string, string | undefined>

export function configOf(environment: Environment = process.env): Config {
  const text = (name: string, usual = "") => valueOf(environment, name) || usual
  const whole = (name: string, usual: number) => wholeNumber(name, text(name, String(usual)))
  const given = <T>(name: string, made: (value: string) => T) => (text(name) ? made(text(name)) : undefined)
  return {
    port: whole("PORT", 4000),
    secret: text("JWT_SECRET") || secretOfThisProcess(environment),
    adminPassword: text("ADMIN_PASSWORD") || undefined,
    sessionSeconds: whole("SESSION_SECONDS", 7 * 24 * 3600),
    folder: text("DATA_FOLDER", "data"),
    database: given("DATABASE_HOST", (host) => ({
      host,
      port: whole("DATABASE_PORT", 5432),
      name: text("DATABASE_NAME", "im"),
      user: text("DATABASE_USER", "im"),
      password: text("DATABASE_PASSWORD"),
    })),
    redis: given("REDIS_HOST", (host) => ({ host, port: whole("REDIS_PORT", 6379), password: text("REDIS_PASSWORD") })),
    files: given("FILES_URL", (url) => ({
      url: url.replace(/\/+$/, ""),
      bucket: text("FILES_BUCKET", "im-app"),
      key: text("FILES_KEY"),
      secret: text("FILES_SECRET"),
    })),
  }
}

function valueOf(environment: Environment, name: string): string {
  const file = environment[`${name}_FILE`]
  if (!file) return environment[name] ?? ""
  try {
    return readFileSync(file, "utf8").trim()
  } catch (error) {
    throw new Error(`${name}_FILE cannot be read: ${(error as Error).message}`)
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${name} is "${text}": expected a whole number`)
  return Number(text)
}

/** Logins end with the process then. */
function secretOfThisProcess({ ALLOW_EMPTY_PASSWORD, NODE_ENV }: Environment): string {
  if (ALLOW_EMPTY_PASSWORD === "yes" || NODE_ENV === "development") return randomBytes(32).toString("hex")
  throw new Error("no JWT_SECRET: set JWT_SECRET or JWT_SECRET_FILE, or NODE_ENV=development")
}
