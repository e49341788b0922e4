// Accounts and messages in PostgreSQL.

import postgres from "postgres"
import type { Config } from "../config.ts"
import type { Account, Message, Store, User } from "./store.ts"

interface Row {
  id: string
  room: string
  author: string
  text: string
  picture: string | null
  sent: Date
}

/** Tables are made by the first use: the server may be there later than this process. */
export function postgresqlStore({ host, port, name, user, password }: NonNullable<Config["database"]>): Store {
  const sql = postgres({ host, port, database: name, username: user, password, max: 10, connect_timeout: 5, onnotice: () => undefined })
  let made: Promise<unknown> | undefined
  const ready = async () => {
    made ??= makeTables(sql)
    await made.catch((error) => {
      made = undefined
      throw error
    })
    return sql
  }
  return {
    check: async () => void (await (await ready())`select 1`),
    close: () => sql.end({ timeout: 5 }),
    async addAccount(account) {
      const { count } =
        await (await ready())`insert into accounts ${sql({ ...account }, "name", "role", "password")} on conflict do nothing`
      return count === 1
    },
    async account(wanted) {
      const [found] = await (await ready())<Account[]>`select name, role, password from accounts where name = ${wanted}`
      return found
    },
    async users() {
      return [...(await (await ready())<User[]>`select name, role from accounts order by name`)]
    },
    async setRole(changed, role) {
      return (await (await ready())`update accounts set role = ${role} where name = ${changed}`).count === 1
    },
    async addMessage({ room, author, text, picture = null as never }) {
      const values = { room, author, text, picture }
      const [row] = await (await ready())<Row[]>`insert into messages ${sql(values)} returning *`
      return messageOf(row!)
    },
    async message(id) {
      const [row] = await (await ready())<Row[]>`select * from messages where id = ${id}`
      return row && messageOf(row)
    },
    async removeMessage(id) {
      await (await ready())`delete from messages where id = ${id}`
    },
    async history(room, before, limit) {
      const rows = await (await ready())<Row[]>`
        select * from messages where room = ${room} and id < ${before} order by id desc limit ${limit}`
      return rows.map(messageOf).reverse()
    },
  }
}

/** Two instances may start at the same time: the lock is given back at the end of the transaction. */
async function makeTables(sql: postgres.Sql): Promise<void> {
  await sql.begin(async (step) => {
    await step`select pg_advisory_xact_lock(4000)`
    await step`create table if not exists accounts (name text primary key, role text not null, password text not null)`
    await step`
      create table if not exists messages (
        id bigint generated always as identity primary key,
        room text not null,
        author text not null references accounts,
        text text not null,
        picture text,
        sent timestamptz not null default now()
      )`
    await step`create index if not exists messages_by_room on messages (room, id)`
  })
}

function messageOf({ id, room, author, text, picture, sent }: Row): Message {
  return { id: Number(id), room, author, text, ...(picture === null ? {} : { picture }), sent: sent.toISOString() }
}
