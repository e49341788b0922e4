// A webhook of the tests' machine, which keeps each notice and when it came.

import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { eventually } from "../../stacks/openim/support/eventually.js"

export interface Notice {
  state: string
  title: string
  lines: string[]
  project: string
  at: number
}

/** In a thread: a test waits for openimctl, and openimctl for the answer of this. */
const server = `
const { createServer } = require("node:http")
const { parentPort } = require("node:worker_threads")
createServer(async (request, response) => {
  let text = ""
  for await (const chunk of request) text += chunk
  parentPort.postMessage({ ...JSON.parse(text), at: Date.now() })
  response.end()
}).listen(9099, "0.0.0.0", () => parentPort.postMessage("open"))
`

const notices: Notice[] = []
let hook: Worker | undefined

export async function openHook(): Promise<void> {
  hook = new Worker(server, { eval: true })
  await once(hook, "message")
  hook.on("message", (notice: Notice) => notices.push(notice))
}

export const closeHook = async (): Promise<void> => void (await hook?.terminate())

/** A notice that came after its cause; `why` says what else could be seen until then. */
export async function arrives(state: string, title: string, since: number, within: number, why: () => string = () => ""): Promise<Notice> {
  return eventually(
    `${state} ${title} arrives`,
    () => {
      const found = notices.find((one) => one.state === state && one.title === title && one.at >= since)
      if (found === undefined)
        throw new Error(`${notices.map((one) => `${one.state} ${one.title}`).join(", ") || "none"}; firing: ${why()}`)
      return found
    },
    { within, every: 3000 },
  )
}
