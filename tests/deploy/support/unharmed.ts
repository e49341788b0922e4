// What users must not notice of a change: no request fails, and no message that was accepted is missing.

import { expect } from "vitest"
import { keepFigure } from "../../stacks/openim/support/results.js"
import type { Measured } from "./load.js"

/**
 * Of so many messages one may come without a push: while Kafka gives a partition from one push to another, OpenIM may give up the one that
 * it has in its hands. It is in the receiver's conversation (`missing` asks for it there). Pushes that stop altogether are many.
 */
const MESSAGES_FOR_ONE_WITHOUT_PUSH = 100

export function unharmed(what: string, measured: Measured): void {
  const { requests, failedRequests, accepted, refused, missing, twice, notReceived, longestPause } = measured
  keepFigure({ name: `${what}: API requests failed`, value: failedRequests.length, unit: `of ${requests}`, note: "goal: 0" })
  keepFigure({ name: `${what}: accepted messages missing`, value: missing.length, unit: `of ${accepted.length}`, note: "goal: 0" })
  keepFigure({ name: `${what}: messages without a push`, value: notReceived.length, unit: `of ${accepted.length}`, note: "goal: 0" })
  keepFigure({ name: `${what}: messages stored twice`, value: twice.length, unit: `of ${accepted.length}` })
  keepFigure({ name: `${what}: longest pause of the receiver`, value: longestPause, unit: "ms" })
  expect(accepted.length).toBeGreaterThan(20)
  expect({ failedRequests, refused, missing }).toEqual({ failedRequests: [], refused: [], missing: [] })
  const unpushed = Math.ceil(accepted.length / MESSAGES_FOR_ONE_WITHOUT_PUSH)
  expect(notReceived.length, `without a push: ${notReceived.join(", ")}`).toBeLessThanOrEqual(unpushed)
}
