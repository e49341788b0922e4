// What was published, as it is reported.

import { table } from "./report.js"

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
    const [tag, outcome] = line.split("\t")
    return { reference: `${tag}@${digest}`, outcome }
  })
}

export function publishedTable(tags: PublishedTag[]): string {
  return table(["OUTCOME", "IMAGE"], tags.map(({ outcome, reference }) => [outcome.slice(0, 32), reference]))
}
