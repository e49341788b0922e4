// An authority that gives certificates, as Let's Encrypt tests its own clients: pebble, on the machine of the tests.

import { execFileSync, spawn } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { request } from "node:https"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import type { Duplex } from "node:stream"
import { connect, type PeerCertificate } from "node:tls"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { publicName } from "./kit.js"

const folder = "/tmp/authority"

export interface Authority {
  /** Where clients ask for certificates. */
  directory: string
  /** The root of that address. */
  rootFile: string
  /** The root of the certificates that it gives. */
  root: string
  stop: () => void
}

/** It refuses nonces at random, as the protocol allows, and asks at port 80 of the name. */
export async function startAuthority(): Promise<Authority> {
  const address = ownAddress()
  const rootFile = makeCertificate(address)
  const config = {
    pebble: {
      listenAddress: "0.0.0.0:14000",
      managementListenAddress: "127.0.0.1:15000",
      certificate: join(folder, "site.pem"),
      privateKey: join(folder, "site.key"),
      httpPort: 80,
      tlsPort: 443,
      ocspResponderURL: "",
      externalAccountBindingRequired: false,
    },
  }
  writeFileSync(join(folder, "pebble.json"), JSON.stringify(config))
  const child = spawn("pebble", ["-config", join(folder, "pebble.json")], {
    stdio: "ignore",
    env: { ...process.env, PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "20" },
  })
  const root = await eventually("the authority answers", () => get("https://127.0.0.1:15000/roots/0"))
  return { directory: `https://${address}:14000/dir`, rootFile, root, stop: () => void child.kill() }
}

/** Containers reach the machine there. */
function ownAddress(): string {
  const found = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth|lo$)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)
  if (found === undefined) throw new Error("this machine has no address that containers reach")
  return found.address
}

function makeCertificate(address: string): string {
  mkdirSync(folder, { recursive: true })
  const at = (name: string) => join(folder, name)
  writeFileSync(at("openssl.cnf"), "[req]\ndistinguished_name = name\n[name]\n")
  writeFileSync(at("site.ext"), `subjectAltName=IP:${address},IP:127.0.0.1\n`)
  const openssl = (...words: string[]) =>
    execFileSync("openssl", words, { stdio: "pipe", env: { ...process.env, OPENSSL_CONF: at("openssl.cnf") } })
  const key = ["-newkey", "rsa:2048", "-nodes"]
  openssl(
    "req",
    "-x509",
    ...key,
    "-days",
    "2",
    "-keyout",
    at("root.key"),
    "-out",
    at("root.pem"),
    "-subj",
    "/CN=authority",
    "-addext",
    "basicConstraints=critical,CA:TRUE",
  )
  openssl("req", "-new", ...key, "-keyout", at("site.key"), "-out", at("site.csr"), "-subj", "/CN=authority's address")
  openssl(
    ...["x509", "-req", "-in", at("site.csr"), "-CA", at("root.pem"), "-CAkey", at("root.key"), "-CAcreateserial"],
    ...["-days", "2", "-extfile", at("site.ext"), "-out", at("site.pem")],
  )
  return at("root.pem")
}

function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca: readFileSync(join(folder, "root.pem")) }, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part
      })
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`status ${answer.statusCode}`))))
    })
    asked.on("error", reject)
    asked.end()
  })
}

/** What clients of the deployment get who trust this root alone; fails where they do not trust it. */
export function servedCertificate(root: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: 443, servername: publicName, ca: root }, () => {
      const found = socket.getPeerCertificate()
      socket.destroy()
      resolve(found)
    })
    socket.on("error", reject)
  })
}

export interface HeldSocket {
  /** The server answers on it. */
  alive: () => Promise<void>
  close: () => void
}

/** A WebSocket of a user that stays open. */
export async function holdSocket(root: string, { userID, token }: { userID: string; token: string }): Promise<HeldSocket> {
  const socket = await new Promise<Duplex>((resolve, reject) => {
    const asked = request({
      host: "127.0.0.1",
      port: 443,
      servername: publicName,
      ca: root,
      path: `/msg_gateway?sendID=${userID}&token=${token}&platformID=5&operationID=held&isBackground=false`,
      headers: {
        Host: publicName,
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
      },
    })
    asked.on("upgrade", (_, open) => resolve(open))
    asked.on("response", ({ statusCode }) => reject(new Error(`no WebSocket: status ${statusCode}`)))
    asked.on("error", reject)
    asked.end()
  })
  let pongs = 0
  let ended = false
  socket.on("data", (frame: Buffer) => {
    if (frame.includes(Buffer.from([0x8a]))) pongs++
  })
  socket.on("close", () => {
    ended = true
  })
  socket.on("error", () => undefined)
  return {
    alive: async () => {
      const before = pongs
      // A ping, masked with zeros as a client's frames must be.
      if (!ended) socket.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0]))
      await eventually("the server answers on the WebSocket", () => {
        if (ended) throw new Error("the WebSocket was closed")
        if (pongs === before) throw new Error("no answer yet")
      })
    },
    close: () => socket.destroy(),
  }
}
