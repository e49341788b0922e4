// What a developer starts beside an editor: each service alone, and the whole stack, on ports of this machine. On the usual engine, where
// CI has built most of it before.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { project } from "./sandbox"

const MINUTE = 60_000
const running: ChildProcess[] = []

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, "close")
    // To all of its processes, as a terminal does it.
    process.kill(-child.pid!, "SIGINT")
    const late = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 30_000)
    await ended
    clearTimeout(late)
  }
}, MINUTE)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}

/** Starts `./daggerw call … up` with these ports of the service on free ones of this machine; asks until the answer is right. */
async function up<T>(
  words: string[],
  ports: number[],
  ask: (port: number) => Promise<T>,
  right: (answer: T) => boolean,
  minutes: number,
): Promise<T> {
  const here = await Promise.all(ports.map(freePort))
  const pairs = ports.map((port, index) => `${here[index]}:${port}`).join(",")
  const child = spawn(join(project, "daggerw"), ["--progress=plain", "call", ...words, "up", `--ports=${pairs}`], {
    cwd: project,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  })
  running.push(child)
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-4000)))
  const end = Date.now() + minutes * MINUTE
  let last: unknown = "nothing"
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`it has ended: ${said}`)
    try {
      const answer = await ask(here[0]!)
      if (right(answer)) return answer
      last = answer
    } catch (error) {
      last = (error as Error).message
    }
    await new Promise((wake) => setTimeout(wake, 500))
  }
  throw new Error(`no right answer in ${minutes} min, last ${String(last)}: ${said}`)
}

/** Sends bytes and gives the first that come back. */
function bytes(request: Buffer | string): (port: number) => Promise<Buffer> {
  return (port) =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(request))
      socket.setTimeout(5000, () => socket.destroy(new Error("no answer")))
      socket.once("data", (data) => {
        resolve(data)
        socket.destroy()
      })
      socket.once("error", reject)
      socket.once("end", () => reject(new Error("closed without an answer")))
    })
}

const page = (path: string) => async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5000) })
  return `${response.status} ${await response.text()}`
}

/** A Kafka request without a body: its length, the key ApiVersions, version 0, a number to know the answer by, no client's name. */
const apiVersions = Buffer.from("0000000a00120000000004d2ffff", "hex")
/** OP_MSG with { ping: 1, $db: "admin" }, which MongoDB and its stand-in know. */
const document = Buffer.concat([Buffer.from("\x10ping\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0", "latin1")])
const ping = (): Buffer => {
  const size = Buffer.alloc(4)
  size.writeInt32LE(document.length + 4)
  const head = Buffer.alloc(21)
  head.writeInt32LE(21 + 4 + document.length, 0)
  head.writeInt32LE(7, 4)
  head.writeInt32LE(2013, 12)
  return Buffer.concat([head, size, document])
}

/** How each service of the stack is asked by its own protocol, and what it must say. */
const asked: Record<string, [port: number, ask: (port: number) => Promise<Buffer | string>, right: (answer: string) => boolean]> = {
  etcd: [2379, page("/version"), (answer) => answer.startsWith("200 ") && answer.includes('"etcdserver"')],
  redis: [6379, bytes("PING\r\n"), (answer) => answer.startsWith("-NOAUTH")],
  kafka: [9092, bytes(apiVersions), (answer) => Buffer.from(answer, "latin1").readInt32BE(4) === 1234],
  minio: [9000, page("/minio/health/live"), (answer) => answer.startsWith("200")],
  "mongodb-stand-in": [27017, bytes(ping()), (answer) => /\x01ok\0/.test(answer)],
  postgres: [5432, bytes(Buffer.from("0000000804d2162f", "hex")), (answer) => answer === "N" || answer === "S"],
  registry: [5000, page("/v2/"), (answer) => answer.startsWith("200")],
  nginx: [80, page("/"), (answer) => answer.startsWith("200") && answer.includes("nginx")],
}

describe("services NAME up", () => {
  const stack = readFileSync(join(project, "stacks/openim/stack.yaml"), "utf8")
  const names = [.../^services:\n((?: .*\n|\n|#.*\n)+)/m.exec(stack)![1]!.matchAll(/^ {2}([a-z-]+):/gm)].map(([, name]) => name!)

  it("is asked of each service that there is", () => expect(Object.keys(asked).sort()).toEqual([...names].sort()))

  it.each(names)("%s answers on a port of this machine", { timeout: 15 * MINUTE }, async (name) => {
    const [port, ask, right] = asked[name]!
    await up(["services", name], [port], async (at) => Buffer.from((await ask(at)) as string, "latin1").toString("latin1"), right, 14)
  })
})

describe("stack up", () => {
  it("gives the API of a whole OpenIM, whose programs answer through it", { timeout: 40 * MINUTE }, async () => {
    const token = async (port: number): Promise<{ errCode?: number; errMsg?: string }> => {
      const response = await fetch(`http://127.0.0.1:${port}/auth/get_admin_token`, {
        method: "POST",
        headers: { "Content-Type": "application/json", operationID: "up" },
        body: JSON.stringify({ secret: "not the secret", userID: "imAdmin" }),
        signal: AbortSignal.timeout(10_000),
      })
      return (await response.json()) as { errCode?: number; errMsg?: string }
    }
    // Refused by the program that knows the secret: the API has found it, and asked.
    const answer = await up(
      ["stack"],
      [10002, 10001, 10008],
      token,
      ({ errCode, errMsg = "" }) => errCode !== 0 && /secret|no ?permission/i.test(errMsg),
      38,
    )
    expect(answer.errCode).toBeGreaterThan(0)
  })
})
