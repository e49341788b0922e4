// What users must not notice of a change: no request fails, and no message that was accepted is missing.

import { expect } from "vitest"
import { keepFigure } from "../../stacks/openim/support/results.js"
import type { Measured } from "./load.js"

export function unharmed(what: string, measured: Measured): void {
  const { requests, failedRequests, accepted, refused, missing, twice, notReceived, longestPause } = measured
  keepFigure({ name: `${what}: API requests failed`, value: failedRequests.length, unit: `of ${requests}`, note: "goal: 0" })
  keepFigure({ name: `${what}: accepted messages missing`, value: missing.length, unit: `of ${accepted.length}`, note: "goal: 0" })
  keepFigure({ name: `${what}: messages that reached nobody`, value: notReceived.length, unit: `of ${accepted.length}`, note: "goal: 0" })
  keepFigure({ name: `${what}: messages stored twice`, value: twice.length, unit: `of ${accepted.length}` })
  keepFigure({ name: `${what}: longest pause of the receiver`, value: longestPause, unit: "ms" })
  expect(accepted.length).toBeGreaterThan(20)
  expect({ failedRequests, refused, missing, notReceived }).toEqual({ failedRequests: [], refused: [], missing: [], notReceived: [] })
}
