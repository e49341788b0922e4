// What the programs have registered in etcd, read through its HTTP gateway.

import { etcdAddress } from "./stack.js"

/** Under which names the programs of the server are found; later versions of OpenIM have others. */
export const registeredNames: Record<string, string> = {
  "openim-rpc-user": "user",
  "openim-rpc-friend": "friend",
  "openim-rpc-group": "group",
  "openim-rpc-conversation": "conversation",
  "openim-rpc-msg": "msg",
  "openim-rpc-third": "third",
  "openim-rpc-auth": "auth",
  "openim-push": "push",
  "openim-msggateway": "messageGateway",
  "chat-rpc": "chat-rpc-service",
  "admin-rpc": "admin-rpc-service",
}

export interface Registration {
  /** For instance openim/user/10.0.0.5:10320. */
  key: string
  address: string
  /** A program that starts again gets a new one. An old one ends 30 seconds after its program. */
  lease: string
}

export async function registrations(): Promise<Registration[]> {
  const response = await fetch(`${etcdAddress}/v3/kv/range`, {
    method: "POST",
    // All keys.
    body: JSON.stringify({ key: base64("\0"), range_end: base64("\0") }),
    signal: AbortSignal.timeout(5000),
  })
  if (!response.ok) throw new Error(`etcd answers ${response.status}: ${await response.text()}`)
  const { kvs = [] } = (await response.json()) as { kvs?: { key: string; lease?: string }[] }
  return kvs.map(({ key, lease = "" }) => {
    const text = Buffer.from(key, "base64").toString()
    return { key: text, address: text.slice(text.lastIndexOf("/") + 1), lease }
  })
}

/** Throws when the program is not registered. */
export async function registrationOf(program: string): Promise<Registration> {
  const name = registeredNames[program]
  const all = await registrations()
  const found = all.find(({ key }) => key.split("/").at(-2) === name)
  if (found) return found
  throw new Error(`${program} is not registered in etcd as ${name}; what is there: ${all.map(({ key }) => key).join(", ") || "nothing"}`)
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64")
}
