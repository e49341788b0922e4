// What is wrong with a place of backups, from what restic prints.
import { describe, expect, test } from "vitest"
import { lacksBucket, missingOf, placeFault, unansweredFault, withoutReason } from "../../src/plan/deploy/placeFault.js"

/** As restic 0.18 ends when timeout ends it: the reason is far above the last lines. */
const ended = (why: string) =>
  [
    `Stat(<config/>) returned error, retrying after 1.4s: ${why} (first)`,
    `Stat(<config/>) returned error, retrying after 2.8s: ${why}`,
    "signal terminated received, cleaning up",
    "Fatal: unable to open config file: context canceled",
    "Is there a repository at the following location?",
    "s3:http://10.0.0.9:9000/im",
  ].join("\n")

describe("a reason that is known", () => {
  test.each([
    ["dial tcp 10.0.0.9:9000: connect: connection refused", "nothing listens there", "port"],
    ["dial tcp: lookup files.test on 10.0.0.1:53: no such host", "its name cannot be resolved", "DNS"],
    ["dial tcp 10.0.0.9:9000: i/o timeout", "cannot be reached", "firewalls"],
    ["The Access Key Id you provided does not exist in our records.", "refuses the user", "BACKUP_REMOTE_USER"],
    ["server response unexpected: 401 Unauthorized (401)", "refuses the user", "BACKUP_REMOTE_PASSWORD"],
    ["http: server gave HTTP response to HTTPS client", "without TLS", "http://"],
    ["tls: failed to verify certificate: x509: certificate signed by unknown authority", "not accepted: tls: failed", "authority"],
    ["subprocess ssh: Host key verification failed.", "host key is not known", "ssh-keyscan"],
    ["subprocess ssh: im@files.test: Permission denied (publickey).", "refuses the key", "authorized_keys"],
    [
      'subprocess ssh: Load key "/run/backup/ssh/id": bad permissions\nim@files.test: Permission denied (publickey)',
      "bad permissions",
      "chmod 600",
    ],
    ["write /im/data/0a: no space left on device", "it is full", "BACKUP_DAYS"],
  ])("%s", (words, what, next) => {
    const fault = placeFault(`Fatal: unable to open config file: ${words}`)
    expect(fault?.what).toContain(what)
    expect(fault?.next).toContain(next)
    expect(unansweredFault(ended(words), 30)).toEqual(fault)
  })

  test("ssh that ended without a word is asked once more, and what it says then is the reason", () => {
    const silent = "Fatal: unable to start the sftp session, error: error receiving version packet from server"
    expect(withoutReason(silent)).toBe(true)
    expect(placeFault(silent)?.next).toContain("ssh -i backup-ssh/id")
    const heard = `subprocess ssh: Host key verification failed.\n${silent}`
    expect(withoutReason(heard)).toBe(false)
    expect(placeFault(heard)?.what).toContain("host key is not known")
    expect(withoutReason("Fatal: wrong password")).toBe(false)
  })

  test("nothing is made up where there is none", () => {
    expect(placeFault("Fatal: unable to save snapshot: command failed: exit status 1")).toBeUndefined()
  })
})

describe("a place that was asked until its time was up", () => {
  test("is reported with what the last try got, which stands above the last lines", () => {
    expect(unansweredFault(ended("Stat: Please reduce your request rate"), 30).what).toBe(
      "no answer within 30 s: Stat: Please reduce your request rate",
    )
  })

  test("that said nothing is no answer, with where to look", () => {
    const { what, next } = unansweredFault("signal terminated received, cleaning up\nFatal: context canceled", 8)
    expect(what).toBe("no answer within 8 s")
    expect(next).toContain("firewalls")
  })

  test("answers where its bucket is missing", () => {
    expect(lacksBucket(ended("Stat: The specified bucket does not exist"))).toBe(true)
    expect(lacksBucket(ended("i/o timeout"))).toBe(false)
  })
})

describe("what a place needs", () => {
  const all = { user: true, password: true, sshKey: true }
  test.each([
    ["s3:https://files.test/im", { ...all, user: false }, "access key"],
    ["s3:https://files.test/im", { ...all, password: false }, "secret key"],
    ["sftp:im@files.test:/im", { ...all, sshKey: false }, "backup-ssh/id is missing"],
  ])("%s with %j", (address, given, what) => {
    expect(missingOf(address, given)?.what).toContain(what)
    expect(missingOf(address, all)).toBeUndefined()
  })

  test("a REST server may be open to all in its network", () => {
    expect(missingOf("rest:https://files.test/im", { user: false, password: false, sshKey: false })).toBeUndefined()
  })
})
