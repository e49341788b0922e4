// What alerts are about, made to happen.

import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { request } from "node:https"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { home, publicName } from "../support/kit.js"

/** Does something again and again in so many turns at once; what fails is the point of it. */
export function until(work: (number: number) => unknown, turns: number, pause = 0): { stop: () => Promise<void> } {
  let going = true
  let number = 0
  const ended = Promise.all(
    Array.from({ length: turns }, async () => {
      while (going) {
        await Promise.resolve(++number)
          .then(work)
          .catch(() => undefined)
        for (const end = Date.now() + pause; going && Date.now() < end; ) await sleep(100)
      }
    }),
  )
  return {
    stop: async () => {
      going = false
      await ended
    },
  }
}

/** A client that sends the second half of its request late, so that its answer takes as long. */
export function askSlowly(port: number, path: string, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ account: "nobody", password: "nothing" })
    const headers = { "content-type": "application/json", "content-length": body.length, operationID: "slow" }
    const asked = request({ host: publicName, port, path, method: "POST", headers, agent: false }, (answer) => {
      answer.resume().on("end", resolve)
    })
    asked.on("error", reject)
    asked.write(body.slice(0, 10))
    setTimeout(() => asked.end(body.slice(10)), milliseconds)
  })
}

/** A program in a container stops where it is, and does not end. */
export function hang(program: string): { goOn: () => void } {
  const pids = execFileSync("pgrep", ["-f", `^${program}`], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean)
    .map(Number)
  for (const pid of pids) process.kill(pid, "SIGSTOP")
  return { goOn: () => pids.forEach((pid) => process.kill(pid, "SIGCONT")) }
}

/** The installation's authority gives a certificate of ten days, in the place of the one that is there. */
export function shortCertificate(): void {
  const at = (name: string) => join("/tmp", name)
  writeFileSync(at("short.cnf"), "[req]\ndistinguished_name = name\n[name]\n")
  writeFileSync(at("short.ext"), `subjectAltName=DNS:${publicName}\n`)
  const openssl = (...words: string[]) =>
    execFileSync("openssl", words, { stdio: "pipe", env: { ...process.env, OPENSSL_CONF: at("short.cnf") } })
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
  openssl("req", "-new", ...key, "-keyout", at("short.key"), "-out", at("short.csr"), "-subj", `/CN=${publicName}`)
  const root = ["-CA", join(home, "ca/ca.pem"), "-CAkey", join(home, "ca/ca.key"), "-CAcreateserial", "-CAserial", at("short.srl")]
  openssl("x509", "-req", "-in", at("short.csr"), ...root, "-days", "10", "-extfile", at("short.ext"), "-out", at("short.pem"))
  // In the same file: it keeps its owner and mode.
  writeFileSync(join(home, "tls/site.pem"), `${readFileSync(at("short.pem"), "utf8")}${readFileSync(at("short.key"), "utf8")}`)
}
