// The synthetic check: texts of its steps with values put in, and what an answer must hold.

import { createHash } from "node:crypto"
import type { CheckStep } from "./model.js"

/** `text` with ${name} replaced; `json` escapes the values for a place inside a JSON string. Unknown names are an error. */
export function filled(text: string, values: Record<string, string>, json = false): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the check refers to ${name}, which no setting and no earlier step has`)
    return json ? JSON.stringify(value).slice(1, -1) : value
  })
}

/** The value at a path such as data.list.0.url, as text. */
export function valueAt(data: unknown, path: string): string | undefined {
  let found: unknown = data
  for (const key of path.split(".")) {
    if (found === null || typeof found !== "object") return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found === undefined || found === null ? undefined : typeof found === "object" ? JSON.stringify(found) : String(found)
}

/** The sums that a step names. */
export function digestsOf({ digests = {} }: HttpStep, values: Record<string, string>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, text] of Object.entries(digests)) {
    found[name] = createHash("md5")
      .update(filled(text, { ...values, ...found }))
      .digest("hex")
  }
  return found
}

type HttpStep = Extract<CheckStep, { kind: "http" }>

/** What is wrong with an answer, and the values that later steps use. */
export function judgedAnswer(
  step: HttpStep,
  status: number,
  body: string,
  values: Record<string, string>,
): { fault?: string; taken: Record<string, string> } {
  if (status !== step.status) return { fault: `status ${status} instead of ${step.status}: ${short(body)}`, taken: {} }
  const wanted = step.holds === undefined ? "" : filled(step.holds, values)
  if (!body.includes(wanted)) return { fault: `the answer does not hold ${wanted}: ${short(body)}`, taken: {} }
  const needsJson = Object.keys(step.expect).length + Object.keys(step.take).length > 0
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    if (needsJson) return { fault: `the answer is not JSON: ${short(body)}`, taken: {} }
  }
  for (const [path, wanted] of Object.entries(step.expect)) {
    const found = valueAt(data, path)
    const allowed = filled(wanted, values).split("|")
    if (found === undefined || !allowed.includes(found))
      return { fault: `${path} is ${found ?? "missing"} instead of ${allowed.join(" or ")}: ${short(body)}`, taken: {} }
  }
  const taken: Record<string, string> = {}
  for (const [name, path] of Object.entries(step.take)) {
    const found = valueAt(data, path)
    if (found === undefined) return { fault: `the answer has no ${path}: ${short(body)}`, taken }
    taken[name] = found
  }
  return { taken }
}

const short = (body: string): string => body.replace(/\s+/g, " ").trim().slice(0, 200) || "(empty)"

/** A text in a frame of a WebSocket: as it is, or in the base64 of the field `data` of a JSON frame. */
export function frameHolds(frame: string, text: string): boolean {
  if (frame.includes(text)) return true
  try {
    const data = valueAt(JSON.parse(frame), "data")
    return data !== undefined && atob(data).includes(latin1(text))
  } catch {
    return false
  }
}

/** The bytes of a text, one letter each, as atob gives them. */
const latin1 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text))

/** http(s) → ws(s). */
export const socketUrl = (url: string): string => url.replace(/^http/, "ws")
