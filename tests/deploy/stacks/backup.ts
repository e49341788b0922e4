// Backup and restore where the stack has PostgreSQL: everything is lost, and what the backup had is there again, byte by byte.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { home, openimctl, publicName, refuses, setting, works } from "../support/kit.js"
import { containerOf, docker } from "../support/machine.js"

const kit = JSON.parse(readFileSync("/kit/deployment.json", "utf8")) as {
  stack: string
  project: string
  backup?: { parts: { name: string; service: string }[] }
}
const parts = kit.backup?.parts.map(({ name }) => name) ?? []
const database = kit.backup?.parts.find(({ name }) => name === "postgres")?.service

const dumpCommand =
  'PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE") pg_dump -h 127.0.0.1 -U "${POSTGRES_USER:-postgres}" "${POSTGRES_DB:-postgres}"'
const sqlCommand = dumpCommand.replace("pg_dump", 'psql -v ON_ERROR_STOP=1 -At -c "$0"')

/** All of the database as text, without the lines that differ in each dump. */
const content = () => docker("exec", containerOf(database!), "sh", "-c", dumpCommand).replaceAll(/^\\(un)?restrict .*$/gm, "")
const sql = (statement: string) => docker("exec", containerOf(database!), "sh", "-c", sqlCommand, statement)

const runs = () => JSON.parse(openimctl(["backup", "list", "--format=json"]).out) as { run: string; kind: string; parts: string[] }[]

/** Of the IM application: a picture that a message shows; its bytes are in the store of files. */
async function pictureOf(): Promise<{ bytes: Buffer; fetched: () => Promise<Buffer> } | undefined> {
  if (kit.stack !== "im-app") return undefined
  const api = `http://${publicName}:4000/api`
  const json = { "content-type": "application/json" }
  const login = await fetch(`${api}/login`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ name: "admin", password: setting("ADMIN_PASSWORD") }),
  })
  const { token } = (await login.json()) as { token: string }
  const bytes = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")
  const headers = { authorization: `Bearer ${token}` }
  const { name } = (await (await fetch(`${api}/files`, { method: "POST", headers, body: bytes })).json()) as { name: string }
  const body = JSON.stringify({ text: "", picture: name })
  const sent = await fetch(`${api}/rooms/checks/messages`, { method: "POST", headers: { ...headers, ...json }, body })
  expect(sent.status).toBe(201)
  return { bytes, fetched: async () => Buffer.from(await (await fetch(`${api}/files/${name}`)).arrayBuffer()) }
}

export function backupCases(): void {
  describe.runIf(database !== undefined)("backup and restore", () => {
    let saved: string
    let picture: Awaited<ReturnType<typeof pictureOf>>

    test("a backup holds the database and every other store, and one of the database alone is made, too", async () => {
      picture = await pictureOf()
      saved = content()
      expect(saved).toMatch(/^COPY /m)
      works("backup")
      works("backup", "postgres")
      expect(runs().map(({ kind, parts: own }) => [kind, own])).toEqual([
        ["full", [...parts, "config"]],
        ["postgres", ["postgres"]],
      ])
      works("backup", "verify")
      expect(works("restore", "--test")).toContain(`can be restored: ${parts.join(", ")}`)
      expect(content()).toBe(saved)
    })

    test("a dump that fails leaves no snapshot", () => {
      const file = join(home, "secrets/database_password")
      const right = readFileSync(file)
      writeFileSync(file, "wrong")
      refuses(["backup", "postgres"], "postgres could not be saved", "password authentication failed")
      writeFileSync(file, right)
      expect(runs()).toHaveLength(2)
    })

    test("the database alone is restored, while what came later is gone", () => {
      sql("CREATE TABLE later (id int)")
      expect(content()).not.toBe(saved)
      refuses(["restore", "latest", "--postgres-only"], "replaces postgres", "nothing was changed")
      works("restore", "latest", "--postgres-only", "--force")
      expect(content()).toBe(saved)
      works("health")
    })

    test("everything is lost, then restored on the empty machine from a file", async () => {
      const name = runs().find(({ kind }) => kind === "full")!.run
      works("backup", "export", name, "/srv/saved.tar.gz.age")
      const folder = join(home, setting("BACKUP_FOLDER"))
      expect(existsSync(join(folder, "repository"))).toBe(true)
      rmSync(folder, { recursive: true })
      works("destroy", "--data", "--no-backup", `--confirm=${kit.project}`)
      expect(docker("volume", "ls", "-q")).not.toContain(kit.project)
      works("deploy", "--ignore=disk", `--address=${publicName}`, "--build-only")
      works("restore", "/srv/saved.tar.gz.age", "--only=config")
      cpSync(join(home, `restored-${name}/.env`), join(home, ".env"))
      works("restore", name, "--force")
      expect(content()).toBe(saved)
      // The first request may take a connection that ended with the old edge.
      if (picture) await eventually("the picture", async () => expect(await picture!.fetched()).toEqual(picture!.bytes))
      works("health")
    })
  })
}
