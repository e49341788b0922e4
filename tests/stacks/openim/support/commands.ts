// Commands run in a container of the stack, as its supervisor's user.

import { request, requestChange, urlOf } from "./pebble.js"

export interface Ran {
  code: number
  /** What it printed to either stream. */
  output: string
}

/** Runs a command to its end. Pebble starts it when its two WebSockets are open, the one for control and the one for what it prints. */
export async function runIn(host: string, command: string[], limit = 15_000): Promise<Ran> {
  const { id, result } = await requestChange<{ "task-id": string }>(host, "/v1/exec", { command, timeout: `${limit}ms` })
  const open = (name: string) => new WebSocket(`${urlOf(host).replace("http", "ws")}/v1/tasks/${result["task-id"]}/websocket/${name}`)
  const control = open("control")
  const streams = open("stdio")
  streams.binaryType = "arraybuffer"
  let output = ""
  // Text is for the protocol.
  streams.addEventListener(
    "message",
    ({ data }) => (output += typeof data === "string" ? "" : new TextDecoder().decode(data as ArrayBuffer)),
  )
  streams.addEventListener("open", () => streams.send(JSON.stringify({ command: "end" })))
  try {
    interface Done {
      err?: string
      tasks: { data?: { "exit-code"?: number } }[]
    }
    const done = await request<Done>(host, `/v1/changes/${id}/wait?timeout=${limit}ms`, undefined, limit + 5000)
    const code = done.tasks[0]?.data?.["exit-code"]
    if (code === undefined) throw new Error(`${command.join(" ")} in ${host}: ${done.err ?? "it has no exit code"}`)
    return { code, output: output.trim() }
  } finally {
    control.close()
    streams.close()
  }
}
