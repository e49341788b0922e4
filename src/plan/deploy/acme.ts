// Certificates of a public authority: what .env must say for them, and how lego is called, which runs beside the edge.

import { isIP } from "node:net"
import type { Edge } from "./model.js"
import { publicHost } from "./settings.js"

/** The folder of lego's account, certificates and credentials: in the kit's folder, and in the container. */
export const acmeFolder = "acme"
const inContainer = "/data"
/** In that folder: what the provider of DNS wants to know. */
export const dnsFile = "dns.env"

export interface AcmeSettings {
  host: string
  email: string
  server: string
  /** A file in the folder. */
  root?: string
  dnsProvider?: string
}

export function acmeSettings(settings: Record<string, string>): AcmeSettings {
  const [root, dnsProvider] = [settings["ACME_CA_FILE"], settings["ACME_DNS_PROVIDER"]]
  return {
    host: publicHost(settings),
    email: settings["ACME_EMAIL"] ?? "",
    server: settings["ACME_SERVER"] ?? "",
    ...(root ? { root } : {}),
    ...(dnsProvider ? { dnsProvider } : {}),
  }
}

/** Why no certificate can be asked for; `files` are those in the folder. */
export function acmeFault({ acme }: Edge, settings: Record<string, string>, files: string[]): string | undefined {
  const { host, email, server, root, dnsProvider } = acmeSettings(settings)
  if (acme === undefined) return "TLS=acme is not available in this kit: set TLS=files with a certificate of yours, or TLS=internal"
  if (isIP(host)) return `TLS=acme needs a name in PUBLIC_URL: authorities give no certificate for the address ${host}`
  if (email === "") return "TLS=acme needs ACME_EMAIL in .env: the authority writes there"
  if (server === "") return "TLS=acme needs ACME_SERVER in .env: the directory of the authority"
  if (root !== undefined && !files.includes(root)) return `ACME_CA_FILE is ${root}, but ${acmeFolder}/${root} is missing`
  if (dnsProvider !== undefined && !files.includes(dnsFile))
    return `ACME_DNS_PROVIDER is ${dnsProvider}, but ${acmeFolder}/${dnsFile} is missing: a line NAME=value for each variable of this provider`
  return undefined
}

/** Credentials are read inside, so that no variable of the container shows them. */
const start = `
if [ -n "$ENV_FILE" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in [A-Za-z_]*=*) export "$line" ;; esac
  done <"$ENV_FILE"
fi
if ! command -v lego >/dev/null; then echo "the image of the edge has no lego" >&2; exit 127; fi
exec lego "$@"`

export interface AcmeRun {
  engine: "docker" | "podman"
  project: string
  /** The edge's image. */
  image: string
  /** The folder on this machine. */
  folder: string
  /** Who owns what is written there. */
  user: string
}

export const acmeContainer = (project: string): string => `${project}-acme`

/** The command that asks for a certificate, and waits for it. */
export function acmeCommand({ acme }: Edge, settings: Record<string, string>, run: AcmeRun): string[] {
  const { host, email, server, root, dnsProvider } = acmeSettings(settings)
  if (acme === undefined) throw new Error("this deployment has no client of ACME")
  const variables = {
    ENV_FILE: dnsProvider === undefined ? "" : `${inContainer}/${dnsFile}`,
    HOME: "/tmp",
    ...(root === undefined ? {} : { LEGO_CA_CERTIFICATES: `${inContainer}/${root}` }),
  }
  return [
    ...[run.engine, "run", "--rm", "--name", acmeContainer(run.project)],
    ...["--network", `${run.project}_${acme.network}`, "--network-alias", acme.host],
    ...[
      "--user",
      run.user,
      "--read-only",
      "--tmpfs",
      "/tmp",
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges",
      "--memory",
      "256m",
    ],
    ...["-v", `${run.folder}:${inContainer}:z`],
    ...Object.entries(variables).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
    ...["--entrypoint", "sh", run.image, "-c", start, "lego"],
    ...["--accept-tos", "--path", inContainer, "--server", server, "--email", email, "--domains", host],
    ...(dnsProvider === undefined ? ["--http", "--http.port", `:${acme.port}`] : ["--dns", dnsProvider]),
    "run",
  ]
}

/** Where lego puts them, below the folder: the chain, and the key. */
export function acmeFiles(host: string): { chain: string; key: string } {
  const name = host.replace("*", "_").toLowerCase()
  return { chain: `certificates/${name}.crt`, key: `certificates/${name}.key` }
}

interface Cause {
  pattern: RegExp
  why: string
  next: string
}

const CAUSES: Cause[] = [
  {
    pattern: /rateLimited|too many (certificates|failed authorizations|requests)/i,
    why: "the authority gives no more for now (rate limit)",
    next: "wait as long as it says. To try things, take its staging directory as ACME_SERVER",
  },
  {
    pattern: /NXDOMAIN|DNS problem|no valid (A|AAAA) records|SERVFAIL/i,
    why: "the authority does not find the name",
    next: "add a DNS record for it, wait until others see it",
  },
  {
    pattern: /acme:error:(connection|unauthorized)|Timeout during connect|Invalid response from/i,
    why: "the authority asked at port 80 of the name and did not get the answer",
    next: "port 80 of the name must lead to HTTP_PORT of this machine (firewall, NAT, DNS record). Where that cannot be: ACME_DNS_PROVIDER",
  },
  {
    pattern: /x509:|certificate signed by unknown authority/i,
    why: "the certificate of the authority's own address is not trusted",
    next: "put the root certificate into acme/ and name it: ACME_CA_FILE",
  },
  {
    pattern: /no such host|dial tcp|i\/o timeout|connection refused|network is unreachable|context deadline/i,
    why: "the authority cannot be reached from the containers of this machine",
    next: "check ACME_SERVER, the network and the firewall",
  },
  {
    pattern: /unrecognized DNS provider|some credentials information are missing/i,
    why: "this lego does not have the provider of DNS, or its credentials are missing",
    next: `check ACME_DNS_PROVIDER and ${acmeFolder}/${dnsFile}: docs/operate.md lists the providers that Debian's lego has`,
  },
  { pattern: /has no lego/, why: "its image cannot ask for certificates", next: "take the image of the edge that this kit names" },
]

/** Why lego gave none, from what it printed. */
export function acmeDiagnosis(output: string): { why: string; next: string } {
  const found = CAUSES.find(({ pattern }) => pattern.test(output))
  return found ?? { why: "lego failed", next: "read what it says above" }
}
