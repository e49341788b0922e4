// haproxy.cfg: one file for every mode of TLS. What a site changes comes from the environment of the edge's container.

import { backendOf } from "./handover.js"
import type { Deployment, Edge, Route } from "./model.js"

/** The file's name in the kit. */
export const edgeFile = "haproxy.cfg"

/** Where the edge runs. */
export interface EdgePlace {
  /** A service's name and port as HAProxy asks for them. */
  address: (service: string, target: number) => string
  /** Whether a client's connection is encrypted. */
  secure: string
  /** Something in front may say who asks: where BEHIND_PROXY is yes, it is believed. */
  proxied: boolean
  /** A variable that is "no" where the service is not part of the deployment; none for one that always is. */
  part?: (service: string) => string | undefined
}

interface Ready {
  name: string
  service: string
}

const machine: EdgePlace = { address: (service, target) => `${service}:${target}`, secure: "{ ssl_fc }", proxied: false }

export function haproxyText({ edge, routes, title, services }: Deployment, place = machine): string {
  const served = routes.filter(({ service }) => services.some(({ name }) => name === service))
  const backends = new Map(served.map((route) => [backendOf(served, route), route]))
  const paths = served.filter(({ path }) => path !== undefined)
  const needed = edge.ready.flatMap((name) => served.filter((route) => route.name === name))
  const ready = [...new Map(needed.map((route) => [backendOf(served, route), route.service]))].map(([name, service]) => ({ name, service }))
  const parts = [
    `# The edge of ${title}. Generated from deployment.yaml: do not edit it. From the environment: TLS, HTTPS_PORT, HSTS_SECONDS, RATE_LIMIT
# (requests of one address in 10 seconds; 0: no limit), REQUEST_BYTES and CONNECTIONS.`,
    globalPart(edge),
    resolvers,
    ...served.flatMap(users),
    mainFrontend(edge, paths, served, ready, place),
    ...served.filter(({ port }) => port !== undefined).map((route) => portFrontend(edge, route, served, place)),
    `frontend metrics
  # For the networks of this installation only: no port of the machine leads here.
  bind :${edge.metrics}
${probes(ready, place)}
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /stats
  stats refresh 10s`,
    `# The requests of each address, for all listeners together.
backend rates
  stick-table type ipv6 size 100k expire 1m store http_req_rate(10s)`,
    ...(edge.acme === undefined ? [] : [acmeBackend(edge.acme)]),
    ...[...backends].map(([name, route]) =>
      backend(
        edge,
        name,
        served.filter((other) => backendOf(served, other) === name),
        route,
        place,
      ),
    ),
  ]
  return `${parts.join("\n\n")}\n`
}

/** Names of servers are asked all the time. This one is there only while a certificate is asked for: it is asked with each question. */
function acmeBackend({ host, port }: NonNullable<Edge["acme"]>): string {
  return `.if streq("$TLS",acme)
# Answers while a certificate is asked for.
backend acme
  http-request do-resolve(txn.acme,names,ipv4) str(${host})
  http-request return status 503 content-type text/plain string "no certificate is asked for\\n" unless { var(txn.acme) -m found }
  http-request set-dst var(txn.acme)
  http-request set-dst-port int(${port})
  server acme 0.0.0.0:0 no-check
.endif`
}

const globalPart = ({ control }: Edge) => `global
  log stdout format raw local0 notice
  maxconn "$CONNECTIONS"
  # A machine may allow less, and containers often have no limit at all, for which a table would be made.
  no strict-limits
  fd-hard-limit 200000
  # The tools on this machine change weights and certificates here, and end connections one by one.
  stats socket /tmp/haproxy.sock mode 600 level admin
  stats socket ipv4@127.0.0.1:${control} level admin
  stats timeout 1h
  hard-stop-after 60s
  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
  ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256

defaults
  mode http
  log global
  option dontlognull
  option dontlog-normal
  option httplog
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  # WebSockets: clients send a ping each 10 to 30 seconds.
  timeout tunnel 1h
  timeout http-request 10s
  timeout http-keep-alive 30s
  timeout check 2s
  retries 3
  # What was sent must not be sent twice: only a connection that failed is tried at another server.
  option redispatch 1
  retry-on conn-failure
  option forwardfor
  # A server may be up again on another address: nothing is known at the start, and the names are asked all the time.
  default-server check inter 1s fastinter 300ms fall 2 rise 1 init-addr none resolvers names on-marked-down shutdown-sessions`

const resolvers = `resolvers names
  # Docker's and podman's own server of names.
  parse-resolv-conf
  accepted_payload_size 8192
  resolve_retries 3
  timeout resolve 1s
  timeout retry 1s
  hold valid 1s
  hold obsolete 5s
  hold nx 5s
  hold other 5s
  hold refused 5s
  hold timeout 10s`

function mainFrontend(edge: Edge, paths: Route[], served: Route[], ready: Ready[], place: EdgePlace): string {
  const whole = paths.find(({ path }) => path === "/")
  const challenge = "{ path_beg /.well-known/acme-challenge/ }"
  const https = (port: string) =>
    `  http-request redirect location "https://%[req.hdr(host),field(1,:)]${port}%[pathq]" code 308 if !{ ssl_fc } !${challenge}`
  const lines = paths.filter(({ path }) => path !== "/").flatMap((route) => pathRules(route, backendOf(served, route), place))
  return `frontend main
  bind :${edge.http}
.if !streq("$TLS",off)
  bind :${edge.https} ssl crt ${edge.certificate} alpn h2,http/1.1
.endif
${probes(ready, place)}
.if !streq("$TLS",off)
.if streq("$HTTPS_PORT",443)
${https("")}
.else
${https(":${HTTPS_PORT}")}
.endif
.endif
${protections(false, place)}
  # Pages are not shown inside of other sites' pages.
  http-response set-header X-Frame-Options SAMEORIGIN
${lines.join("\n")}
${edge.acme === undefined ? "" : `.if streq("$TLS",acme)\n  use_backend acme if ${challenge}\n.endif\n`}  use_backend %[var(txn.backend)] if { var(txn.backend) -m found }${whole === undefined ? "" : `\n  default_backend ${backendOf(served, whole)}`}`
}

/** Below this path, which the service does not see. */
function pathRules({ path, strip, headers }: Route, name: string, place: EdgePlace): string[] {
  const chosen = `{ var(txn.backend) -m str ${name} }`
  return [
    `  http-request set-var(txn.backend) str(${name}) if { path ${path} } || { path_beg ${path}/ }`,
    ...(strip ? [`  http-request replace-path ${path}/?(.*) /\\1 if ${chosen}`] : []),
    ...headerRules(headers, place, chosen),
  ]
}

/** A service behind the edge does not see under which address it was asked. */
function headerRules(headers: Record<string, string>, { secure }: EdgePlace, chosen = ""): string[] {
  const rule = (name: string, value: string, scheme: string, condition: string) =>
    `  http-request set-header ${name} "${value.replaceAll("${origin}", `${scheme}://%[req.hdr(host)]`)}" if ${chosen}${chosen && " "}${condition}`
  return Object.entries(headers).flatMap(([name, value]) => [rule(name, value, "https", secure), rule(name, value, "http", `!${secure}`)])
}

function portFrontend({ certificate }: Edge, route: Route, served: Route[], place: EdgePlace): string {
  return `frontend port-${route.port}
.if streq("$TLS",off)
  bind :${route.port}${route.grpc ? " proto h2" : ""}
.else
  bind :${route.port} ssl crt ${certificate} alpn ${protocolsOf(route)}
.endif
${[protections(route.unlimited, place), ...loginRules(route), ...headerRules(route.headers, place)].join("\n")}
  default_backend ${backendOf(served, route)}`
}

function protocolsOf({ websocket, grpc }: Route): string {
  if (grpc) return "h2"
  return websocket ? "http/1.1" : "h2,http/1.1"
}

/** Who may ask for a route whose service has no login. */
function users({ name, login }: Route): string[] {
  if (login === undefined) return []
  return [`userlist ${name}\n  user ${login.user} insecure-password "$${login.password}"`]
}

/** The service does not get it. */
function loginRules({ name, login }: Route): string[] {
  if (login === undefined) return []
  return [`  http-request auth realm ${name} unless { http_auth(${name}) }`, "  http-request del-header Authorization"]
}

/** Whether the edge runs, and whether what stands behind it answers. */
function probes(ready: Ready[], { part }: EdgePlace): string {
  const answer = (status: number, text: string, condition: string) =>
    `  http-request return status ${status} content-type text/plain string "${text}\\n" if ${condition}`
  return [
    answer(200, "ok", "{ path /healthz }"),
    ...ready.map(({ name, service }) => {
      const line = answer(503, `${name} does not answer`, `{ path /readyz } { nbsrv(${name}) eq 0 }`)
      const variable = part?.(service)
      return variable === undefined ? line : `.if !streq("$${variable}",no)\n${line}\n.endif`
    }),
    answer(200, "ok", "{ path /readyz }"),
  ].join("\n")
}

function protections(unlimited: boolean, { secure, proxied }: EdgePlace): string {
  const limits = `
.if !streq("$RATE_LIMIT",0)
  http-request track-sc0 src table rates
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt "$RATE_LIMIT" }
.endif
  http-request deny deny_status 413 if { req.body_size gt "$REQUEST_BYTES" }`
  return `${proxied ? believed : ""}  # Nobody outside says where a request comes from.
  http-request del-header X-Forwarded-For
  http-request set-header X-Forwarded-Proto https if ${secure}
  http-request set-header X-Forwarded-Proto http if !${secure}${unlimited ? "" : limits}
  http-response del-header Server
  http-response set-header X-Content-Type-Options nosniff
  http-response set-header Referrer-Policy strict-origin-when-cross-origin
.if !streq("$TLS",off) && !streq("$HSTS_SECONDS",0)
  http-response set-header Strict-Transport-Security "max-age=$HSTS_SECONDS" if { ssl_fc }
.endif`
}

const believed = `.if streq("$BEHIND_PROXY",yes)
  # The last one of these is what the proxy in front has seen.
  http-request set-src req.hdr_ip(X-Forwarded-For,-1) if { req.hdr(X-Forwarded-For) -m found }
.endif
`

function backend(
  { instances }: Edge,
  name: string,
  routes: Route[],
  { service, target, websocket, grpc }: Route,
  place: EdgePlace,
): string {
  const closed = [...new Set(routes.flatMap((route) => route.closed))]
  return [
    `backend ${name}`,
    `  balance ${websocket ? "leastconn" : "roundrobin"}`,
    ...closed.map((path) => `  http-request deny deny_status 404 if { path,url_dec -m beg ${path} }`),
    `  server-template ${service} ${instances} ${place.address(service, target)} check${grpc ? " proto h2" : ""}`,
  ].join("\n")
}
