// How long messages do not arrive after something ended: seconds until ten in a row arrive within a second of their sending.

import { setTimeout as sleep } from "node:timers/promises"
import type { SocketUser } from "../../support/socketUser.js"

const soon = 1000
const inRow = 10

export interface Outage {
  seconds: number
  sent: number
  failed: number
  accepted: string[]
}

export async function outageOf(
  receiver: SocketUser,
  send: (text: string) => Promise<unknown>,
  name: string,
  work: () => void,
  within = 150,
): Promise<Outage> {
  const messages: { text: string; at: number; accepted: boolean }[] = []
  const live = ({ text, at }: { text: string; at: number }) => (receiver.arrivals.get(text) ?? Number.POSITIVE_INFINITY) - at <= soon
  work()
  const begun = Date.now()
  let pending = Promise.resolve()
  for (let number = 1; Date.now() - begun < within * 1000; number++) {
    const message = { text: `${name} ${number}`, at: Date.now(), accepted: false }
    messages.push(message)
    // Users do not wait for each other.
    const sent = send(message.text).then(
      () => {
        message.accepted = true
      },
      () => undefined,
    )
    pending = Promise.all([pending, sent]).then(() => undefined)
    await sleep(200)
    const judged = messages.filter(({ at }) => Date.now() - at > soon)
    const lastLate = judged.map(live).lastIndexOf(false)
    if (judged.length - lastLate - 1 < inRow) continue
    await pending
    const first = judged[lastLate + 1]!
    return {
      seconds: lastLate < 0 ? 0 : Math.round((first.at - begun) / 100) / 10,
      sent: messages.length,
      failed: messages.filter(({ accepted }) => !accepted).length,
      accepted: messages.flatMap(({ text, accepted }) => (accepted ? [text] : [])),
    }
  }
  const got = messages.filter(({ text }) => receiver.arrivals.has(text)).length
  throw new Error(`${name}: messages do not arrive within ${soon} ms again, ${within} s after: ${got} of ${messages.length} arrived at all`)
}
