#!/usr/bin/env node
// An ingress controller, as small as can be: at ports 80 and 443 of this machine it serves the hosts that the cluster's Ingress objects of a
// class name, by TLS with the certificates of their Secrets.
// Usage: controller.mjs CLASS
import { readFileSync } from "node:fs"
import { Agent, createServer, request } from "node:http"
import { createServer as createSecureServer, request as secureRequest } from "node:https"
import { connect } from "node:net"
import { createSecureContext } from "node:tls"

const [wanted] = process.argv.slice(2)
const pki = "/etc/kube/pki"
const admin = { ca: readFileSync(`${pki}/ca.crt`), cert: readFileSync(`${pki}/admin.crt`), key: readFileSync(`${pki}/admin.key`) }
/** Host → where its Service is. */
let places = new Map()
/** Host → the certificate of its Secret. */
let certificates = new Map()

function ask(path) {
  return new Promise((resolve, reject) => {
    const asked = secureRequest({ host: "127.0.0.1", port: 6443, path, ...admin, timeout: 5000 }, (answer) => {
      let text = ""
      answer.setEncoding("utf8")
      answer.on("data", (part) => (text += part))
      answer.on("end", () => (answer.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))))
    })
    asked.on("error", reject)
    asked.on("timeout", () => asked.destroy(new Error("no answer")))
    asked.end()
  })
}

const listed = async (path) => (await ask(path)).items

async function look() {
  const [all, services] = await Promise.all([listed("/apis/networking.k8s.io/v1/ingresses"), listed("/api/v1/services")])
  const ingresses = all.filter(({ spec }) => spec.ingressClassName === wanted)
  const address = ({ name }, namespace) =>
    services.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace)?.spec.clusterIP
  places = new Map(
    ingresses.flatMap(({ metadata, spec }) =>
      spec.rules.flatMap(({ host, http }) => {
        const { service } = http.paths[0].backend
        const to = address(service, metadata.namespace)
        return to === undefined ? [] : [[host, { host: to, port: service.port.number }]]
      }),
    ),
  )
  const named = ingresses.flatMap(({ metadata, spec }) => (spec.tls ?? []).map((one) => ({ ...one, namespace: metadata.namespace })))
  certificates = new Map(
    (
      await Promise.all(
        named.map(async ({ namespace, secretName, hosts }) => {
          const { data } = await ask(`/api/v1/namespaces/${namespace}/secrets/${secretName}`)
          const [cert, key] = ["tls.crt", "tls.key"].map((name) => Buffer.from(data[name], "base64"))
          return hosts.map((host) => [host, createSecureContext({ cert, key })])
        }),
      )
    ).flat(),
  )
}
const again = () =>
  look()
    .catch((error) => console.error(error.message))
    .finally(() => setTimeout(again, 500))
again()

const placeOf = ({ headers }) => places.get((headers.host ?? "").replace(/:\d+$/, ""))
const forwarded = ({ headers, socket }) => ({
  ...headers,
  "x-forwarded-for": socket.remoteAddress ?? "",
  "x-forwarded-proto": socket.encrypted ? "https" : "http",
})
// A connection for each request: what is tested is how pods end, not how this one keeps connections.
const agent = new Agent({ keepAlive: false })

function serve(asked, answer) {
  const place = placeOf(asked)
  if (place === undefined) return answer.writeHead(404).end(`no Ingress has ${asked.headers.host}\n`)
  const { method, url: path } = asked
  const passed = request({ ...place, method, path, headers: forwarded(asked), agent }, (got) => {
    answer.writeHead(got.statusCode, got.headers)
    got.pipe(answer)
  })
  passed.on("error", (error) => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end(`${error.message}\n`)))
  asked.pipe(passed)
}
function upgrade(asked, socket, head) {
  const place = placeOf(asked)
  if (place === undefined) return socket.destroy()
  const passed = connect(place, () => {
    const lines = Object.entries(forwarded(asked)).map(([name, value]) => `${name}: ${value}\r\n`)
    passed.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines.join("")}\r\n`)
    passed.write(head)
    passed.pipe(socket)
    socket.pipe(passed)
  })
  for (const [one, other] of [
    [socket, passed],
    [passed, socket],
  ]) {
    one.on("error", () => other.destroy())
    one.on("close", () => other.destroy())
  }
}
const certificateOf = (host, done) =>
  done(certificates.has(host) ? null : new Error(`no Ingress has a certificate for ${host}`), certificates.get(host))
for (const [server, port] of [
  [createServer(serve), 80],
  [createSecureServer({ SNICallback: certificateOf }, serve), 443],
])
  server.on("upgrade", upgrade).listen(port, "127.0.0.1", () => console.log(`serves at port ${port}`))
