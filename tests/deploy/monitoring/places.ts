// A second place of backups: S3 in another container, SFTP on another machine's address; each place without the other.

import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { change, home, openimctl, refuses, works } from "../support/kit.js"
import { docker } from "../support/machine.js"

const probe = { OPENIMCTL_PROBE_SECONDS: "12" }
const password = "aSecondPlace0123456789"
const own = join(home, "backup")

interface Listed {
  run: string
  place: string
  complete: boolean
}

const listed = () => JSON.parse(openimctl(["backup", "list", "--format=json"], probe).out) as Listed[]

/** It is in one place only, for this reason, and with this way on. */
function oneOnly(kind: string, ...words: string[]): void {
  const { code, out, err } = openimctl(["backup", kind], probe)
  for (const part of words) expect(`${out}${err}`).toContain(part)
  expect(code).toBe(1)
}

export function placeCases({ image, failedArrives }: { image: () => string; failedArrives: (since: number) => Promise<unknown> }): void {
  describe("a second place by S3", () => {
    let at = ""
    beforeAll(async () => {
      docker("run", "-d", "--name", "second", "-e", "MINIO_ROOT_USER=backup", "-e", `MINIO_ROOT_PASSWORD=${password}`, image())
      at = `http://${docker("inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "second")}:9000`
      await eventually("the second place is ready", async () => expect((await fetch(`${at}/minio/health/ready`)).status).toBe(200))
      change("BACKUP_REMOTE", `s3:${at}/backups`)
      change("BACKUP_REMOTE_USER", "backup")
      change("BACKUP_REMOTE_PASSWORD", password)
    })
    afterAll(() => {
      docker("rm", "-f", "-v", "second")
      for (const name of ["BACKUP_REMOTE", "BACKUP_REMOTE_USER", "BACKUP_REMOTE_PASSWORD"]) change(name, "")
    })

    test("gets the first backup, its bucket as well", () => {
      const began = Date.now()
      expect(openimctl(["backup"], probe)).toMatchObject({ code: 0 })
      keepFigure({ name: "first backup to two places", value: Math.round((Date.now() - began) / 1000), unit: "s" })
      expect(listed().map(({ place, complete }) => `${place} ${complete}`)).toEqual(["local true", "remote true"])
    })

    test("is read when the first place is lost: a test of a restore, and a file", () => {
      renameSync(own, `${own}.away`)
      try {
        const tested = works("restore", "--test")
        expect(tested).toContain(`from s3:${at}/backups`)
        expect(tested).toContain("can be restored: mongodb, redis, minio")
        works("backup", "export", "latest", "/srv/from-s3.age")
        expect(readFileSync("/srv/from-s3.age", "utf8")).toMatch(/^age-encryption\.org/)
      } finally {
        rmSync(own, { recursive: true, force: true })
        renameSync(`${own}.away`, own)
      }
    })

    test("gets all of it when the first one fails", () => {
      const keys = join(own, "repository/keys")
      renameSync(keys, `${keys}.away`)
      try {
        oneOnly("config", "is in the place remote only", "local: ")
      } finally {
        if (existsSync(keys)) rmSync(keys, { recursive: true })
        renameSync(`${keys}.away`, keys)
      }
    })

    test("that refuses, or does not answer, is named, and the first one is written; the alert arrives", { timeout: 600_000 }, async () => {
      const since = Date.now()
      change("BACKUP_REMOTE_PASSWORD", "anotherPassword")
      const remote = `is in the place local only. remote: s3:${at}/backups cannot be used: `
      oneOnly("config", `${remote}it refuses the user or the password`, "next: check BACKUP_REMOTE_USER")
      change("BACKUP_REMOTE_PASSWORD", "")
      oneOnly("config", `${remote}it needs an access key and a secret key`, "next: set BACKUP_REMOTE_USER")
      change("BACKUP_REMOTE_PASSWORD", password)
      docker("pause", "second")
      oneOnly("config", `${remote}no answer within 12 s`, "firewalls")
      docker("unpause", "second")
      change("BACKUP_REMOTE", `s3:${at.replace(":9000", ":9009")}/backups`)
      oneOnly("config", "nothing listens there (connection refused)", "port in BACKUP_REMOTE")
      change("BACKUP_REMOTE", `s3:${at}/backups`)
      expect(listed().filter(({ place }) => place === "local").length).toBeGreaterThan(4)
      await failedArrives(since)
      expect(openimctl(["backup", "config"], probe)).toMatchObject({ code: 0 })
    })
  })

  describe("a second place by SFTP", () => {
    const key = join(home, "backup-ssh/id")
    beforeAll(() => {
      const run = (...words: string[]) => execFileSync(words[0]!, words.slice(1), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      mkdirSync("/run/sshd", { recursive: true })
      run("ssh-keygen", "-A")
      run("useradd", "-m", "-s", "/bin/sh", "saver")
      mkdirSync(join(home, "backup-ssh"), { mode: 0o700 })
      run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
      run("install", "-D", "-o", "saver", "-m", "600", `${key}.pub`, "/home/saver/.ssh/authorized_keys")
      run("chown", "saver", "/home/saver/.ssh")
      run("/usr/sbin/sshd", "-p", "2222")
      change("BACKUP_REMOTE", "sftp://saver@172.17.0.1:2222//home/saver/im")
    })
    afterAll(() => void change("BACKUP_REMOTE", ""))

    test("whose host key is not known is refused with the way; then it is written, and read", () => {
      oneOnly("config", "its host key is not known", "ssh-keyscan HOST > backup-ssh/known_hosts")
      writeFileSync(
        join(home, "backup-ssh/known_hosts"),
        execFileSync("ssh-keyscan", ["-p", "2222", "172.17.0.1"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
      )
      works("backup", "config")
      expect(listed().at(-1)?.place).toBe("remote")
      works("backup", "export", "latest", "/srv/from-sftp.age")
    })

    test("that refuses the key is named", () => {
      writeFileSync("/home/saver/.ssh/authorized_keys", "")
      oneOnly("config", "it refuses the key in backup-ssh/id", "authorized_keys")
      rmSync(join(home, "backup-ssh"), { recursive: true })
      refuses(["backup", "config"], "backup-ssh/id is missing")
    })
  })
}
