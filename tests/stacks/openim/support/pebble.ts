// The programs of the stack, controlled and asked through the supervisor of their container.

import { type Program, titleOf } from "./stack.js"

export interface ServiceState {
  name: string
  startup: "enabled" | "disabled"
  current: "active" | "inactive" | "backoff" | "error"
  "current-since"?: string
}

export interface LogLine {
  time: string
  service: string
  message: string
}

const answerLimit = 10_000

export async function services(host: string): Promise<ServiceState[]> {
  return request<ServiceState[]>(host, "/v1/services")
}

export async function stateOf({ host, name }: Program): Promise<ServiceState> {
  const [state] = await request<ServiceState[]>(host, `/v1/services?names=${name}`)
  if (!state) throw new Error(`${host} has no program ${name}`)
  return state
}

/** Gives back when the program has ended. It stays down until it is started. */
export async function stop(program: Program): Promise<void> {
  await change(program, "stop")
}

/** Gives back when the program runs: it may not be ready yet. */
export async function start(program: Program): Promise<void> {
  await change(program, "start")
}

/** Ends a program without warning. The supervisor starts it again automatically. */
export async function kill({ host, name }: Program): Promise<void> {
  await request(host, "/v1/signals", { signal: "SIGKILL", services: [name] })
}

/** The last lines of a program. The supervisor keeps about 100 KiB of each. */
export async function logs({ host, name }: Program, count = 40): Promise<LogLine[]> {
  const response = await fetch(`${urlOf(host)}/v1/logs?services=${name}&n=${count}`, { signal: AbortSignal.timeout(answerLimit) })
  if (!response.ok) throw new Error(`the logs of ${host}/${name}: ${await response.text()}`)
  return parseLines(await response.text())
}

/** As one text, for people; colours are left out. */
export async function logText(program: Program, count = 40): Promise<string> {
  try {
    const lines = await logs(program, count)
    return lines.map(({ message }) => plain(message)).join("\n") || "(it has printed nothing)"
  } catch (error) {
    return `(its log cannot be read: ${(error as Error).message})`
  }
}

/**
 * Calls back for each line that any program of a host prints from now on; gives back how to end it. The supervisor answers
 * only when there is a first line, so this does not wait for it; `lost` is called when the answer fails or ends early.
 */
export function follow(host: string, each: (line: LogLine) => void, lost: (error: unknown) => void): () => void {
  const end = new AbortController()
  const read = async () => {
    const response = await fetch(`${urlOf(host)}/v1/logs?follow=true&n=0`, { signal: end.signal })
    if (!response.ok || !response.body) throw new Error(`the logs of ${host}: ${response.status} ${await response.text()}`)
    const decoder = new TextDecoder()
    let rest = ""
    for await (const chunk of response.body) {
      const text = rest + decoder.decode(chunk, { stream: true })
      const whole = text.lastIndexOf("\n") + 1
      rest = text.slice(whole)
      parseLines(text.slice(0, whole)).forEach(each)
    }
    throw new Error(`the logs of ${host} ended`)
  }
  read().catch((error: unknown) => {
    if (!end.signal.aborted) lost(error)
  })
  return () => end.abort()
}

/** Files of a container by their paths. What cannot be read is left out. */
export async function files(host: string, paths: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  // The paths stand in the address.
  for (let first = 0; first < paths.length; first += 50) {
    const query = paths
      .slice(first, first + 50)
      .map((path) => `path=${encodeURIComponent(path)}`)
      .join("&")
    const response = await fetch(`${urlOf(host)}/v1/files?action=read&${query}`, {
      headers: { accept: "multipart/form-data" },
      signal: AbortSignal.timeout(answerLimit),
    })
    if (!response.ok) throw new Error(`files of ${host}: ${response.status} ${await response.text()}`)
    for (const part of (await response.formData()).getAll("files")) {
      if (typeof part !== "string") found.set(part.name, await part.text())
    }
  }
  return found
}

export async function folder(host: string, path: string): Promise<string[]> {
  const entries = await request<{ name: string }[]>(host, `/v1/files?action=list&path=${encodeURIComponent(path)}`)
  return entries.map(({ name }) => name)
}

export function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, "")
}

async function change(program: Program, action: "start" | "stop"): Promise<void> {
  const { host, name } = program
  const { id } = await requestChange(host, "/v1/services", { action, services: [name] })
  const result = await request<{ ready: boolean; status: string; err?: string }>(
    host,
    `/v1/changes/${id}/wait?timeout=60s`,
    undefined,
    70_000,
  )
  if (result.err) throw new Error(`cannot ${action} ${titleOf(program)}: ${result.err}\n${await logText(program)}`)
}

interface PebbleAnswer<T> {
  type: "sync" | "async" | "error"
  change?: string
  result: T
}

export async function request<T>(host: string, path: string, body?: object, limit = answerLimit): Promise<T> {
  return (await ask<T>(host, path, body, limit)).result
}

/** Begins what takes its time; gives its number, which is to be waited for. */
export async function requestChange<T>(host: string, path: string, body: object): Promise<{ id: string; result: T }> {
  const { change: id, result } = await ask<T>(host, path, body, answerLimit)
  if (!id) throw new Error(`${path} of ${host} has not begun a change`)
  return { id, result }
}

async function ask<T>(host: string, path: string, body: object | undefined, limit: number): Promise<PebbleAnswer<T>> {
  const response = await fetch(urlOf(host) + path, {
    method: body ? "POST" : "GET",
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(limit),
  })
  const answer = (await response.json()) as PebbleAnswer<T>
  if (answer.type === "error") throw new Error(`the supervisor of ${host}: ${(answer.result as { message?: string }).message}`)
  return answer
}

export function urlOf(host: string): string {
  return `http://${host}:4000`
}

function parseLines(text: string): LogLine[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogLine)
}
