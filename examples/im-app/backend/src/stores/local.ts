// For development: everything in one process and one folder.

import { EventEmitter } from "node:events"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Account, Files, Message, Picture, Sessions, Store } from "./store.ts"

interface Kept {
  accounts: Account[]
  messages: Message[]
  last: number
}

/** Accounts and messages in messages.json. */
export async function localStore(folder: string): Promise<Store> {
  const path = join(folder, "messages.json")
  const kept: Kept = JSON.parse((await textOf(path)) ?? '{"accounts":[],"messages":[],"last":0}')
  let saving = Promise.resolve()
  /** One after the other. A file that was cut short is never in its place. */
  const save = () => {
    saving = saving
      .catch(() => undefined)
      .then(async () => {
        await mkdir(folder, { recursive: true })
        await writeFile(`${path}.new`, JSON.stringify(kept, null, 2))
        await rename(`${path}.new`, path)
      })
    return saving
  }
  const account = (name: string) => kept.accounts.find((one) => one.name === name)
  return {
    check: async () => undefined,
    close: () => saving,
    async addAccount(added) {
      if (account(added.name) !== undefined) return false
      kept.accounts.push(added)
      await save()
      return true
    },
    account: async (name) => account(name),
    users: async () => kept.accounts.map(({ name, role }) => ({ name, role })),
    async setRole(name, role) {
      const found = account(name)
      if (found === undefined) return false
      found.role = role
      await save()
      return true
    },
    async addMessage(message) {
      kept.last += 1
      const added = { ...message, id: kept.last, sent: new Date().toISOString() }
      kept.messages.push(added)
      await save()
      return added
    },
    message: async (id) => kept.messages.find((one) => one.id === id),
    async removeMessage(id) {
      kept.messages = kept.messages.filter((one) => one.id !== id)
      await save()
    },
    history: async (room, before, limit) => kept.messages.filter((one) => one.room === room && one.id < before).slice(-limit),
  }
}

export function localSessions(now = Date.now): Sessions {
  const kept = new Map<string, { value: string; until: number }>()
  const events = new EventEmitter()
  const find = (key: string) => {
    const found = kept.get(key)
    if (found === undefined || found.until > now()) return found
    kept.delete(key)
    return undefined
  }
  return {
    check: async () => undefined,
    close: async () => undefined,
    keep: async (key, value, seconds) => void kept.set(key, { value, until: now() + seconds * 1000 }),
    find: async (key) => find(key)?.value,
    async take(key) {
      const found = find(key)
      kept.delete(key)
      return found?.value
    },
    async count(key, seconds) {
      const found = find(key) ?? { value: "0", until: now() + seconds * 1000 }
      kept.set(key, { ...found, value: String(Number(found.value) + 1) })
      return Number(found.value) + 1
    },
    publish: async (event) => void events.emit("event", event),
    subscribe: async (listener) => void events.on("event", listener),
  }
}

/** Names of pictures are made here, so that none leads out of the folder. */
export function localFiles(folder: string): Files {
  const pictures = join(folder, "files")
  return {
    check: async () => undefined,
    async put(name, { type, bytes }) {
      await mkdir(pictures, { recursive: true })
      await writeFile(join(pictures, `${name}.type`), type)
      await writeFile(join(pictures, name), bytes)
    },
    async get(name): Promise<Picture | undefined> {
      const type = await textOf(join(pictures, `${name}.type`))
      return type === undefined ? undefined : { type, bytes: new Uint8Array(await readFile(join(pictures, name))) }
    },
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
}
