// How a bundle compares with what could be fetched today.

import { table } from "../../base/table.js"

export interface BundleRow {
  state: "current" | "moved" | "missing" | "damaged" | "unneeded" | "unknown"
  title: string
  detail: string
}

/** Versions that are other ones now, such as "openssl 3.5.1-1 → 3.5.4-1". */
export function movedPackages(before: Record<string, string>, now: Record<string, string>): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()
  const changed = names.filter((name) => before[name] !== now[name])
  return changed.map((name) => `${name} ${before[name] ?? "(not there)"} → ${now[name] ?? "(not needed)"}`)
}

const order: BundleRow["state"][] = ["damaged", "missing", "moved", "unknown", "unneeded", "current"]

/** What asks for something comes first. */
export function bundleTable(rows: BundleRow[]): string {
  const sorted = [...rows].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  const counts = order.map((state) => [rows.filter((row) => row.state === state).length, state] as const).filter(([count]) => count > 0)
  const last = counts.map(([count, state]) => `${count} ${state}`).join(", ")
  return `${table(
    ["STATE", "ITEM", "DETAIL"],
    sorted.map(({ state, title, detail }) => [state, title, detail]),
  )}\n${last}\n`
}
