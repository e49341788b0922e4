// A webhook of the tests' machine, which keeps each notice and when it came.

import { createServer } from "node:http"
import { eventually } from "../../stacks/openim/support/eventually.js"

export interface Notice {
  state: string
  title: string
  lines: string[]
  project: string
  at: number
}

const notices: Notice[] = []
const hook = createServer(async (request, response) => {
  let text = ""
  for await (const chunk of request) text += chunk
  notices.push({ ...(JSON.parse(text) as Notice), at: Date.now() })
  response.end()
})

export const openHook = (): Promise<void> => new Promise((done) => hook.listen(9099, "0.0.0.0", done))
export const closeHook = (): void => void hook.close()

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
