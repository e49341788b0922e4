// What was published, as it is reported.

import { Problem } from "../../base/problem.js"
import { table } from "../../base/table.js"
import { readInputs } from "../build/inputs.js"
import type { EarlierImage } from "./planRows.js"

/** Seconds before the second, third and fourth try. */
export const pushWaits = [2, 8, 30]

export interface PublishedTag {
  /** With tag and digest: what a deployment should name. */
  reference: string
  /** pushed, already there, or which digest it replaced. */
  outcome: string
}

/** Reads what shell/publish.sh printed. */
export function readPublished(text: string, digest: string): PublishedTag[] {
  const lines = text.split("\n").filter((line) => line !== "")
  return lines.map((line) => {
    const [tag, outcome = ""] = line.split("\t")
    return { reference: `${tag}@${digest}`, outcome }
  })
}

export function publishedTable(tags: PublishedTag[]): string {
  return table(
    ["OUTCOME", "IMAGE"],
    tags.map(({ outcome, reference }) => [outcome.slice(0, 32), reference]),
  )
}

/** A registry that refuses the user who is to push there will not get better by building first. */
export function checkAnswers(earlier: Record<string, EarlierImage[]>, credentials: boolean): void {
  const unknown = Object.values(earlier)
    .flat()
    .flatMap((image) => ("none" in image ? [image.none] : []))
  const refused = unknown.find((text) => / cannot be asked for: .*(http 40[13]|unauthorized|denied)/i.test(text))
  if (credentials && refused !== undefined)
    throw new Problem(refused, "check --registry-username and --registry-password (or --registry-config)")
}

/** Reads what shell/published.sh printed, by reference. */
export function readPublishedInputs(text: string): Record<string, EarlierImage> {
  const lines = text.split("\n").filter((line) => line !== "")
  return Object.fromEntries(
    lines.map((line): [string, EarlierImage] => {
      const [reference = "", state, detail = ""] = line.split("\t")
      if (state === "none") return [reference, { none: `${reference} is not published yet` }]
      if (state === "unknown") return [reference, { none: `${reference} cannot be asked for: ${detail}` }]
      const inputs = readInputs(detail)
      return [reference, inputs === undefined ? { none: `${reference} was not built by this project` } : { inputs, from: reference }]
    }),
  )
}
