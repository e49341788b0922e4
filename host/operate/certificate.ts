// certificate status|renew: what the edge serves, and a new one before it ends, without an end of connections.
import { existsSync, readFileSync } from "node:fs"
import { isIP } from "node:net"
import { connect } from "node:tls"
import { jsonText } from "../../src/base/format"
import { lastWords } from "../../src/base/lastWords"
import { unknownName } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { certificateFacts, certificateFault, daysLeft, issuedBy, renewalDue } from "../../src/plan/deploy/certificate"
import { publicHost } from "../../src/plan/deploy/settings"
import { serviceNamed } from "../../src/plan/deploy/stages"

import { obtained } from "./acme"
import { edgeCommand, RESTART } from "./edge"
import { type Engine, findEngine, runningContainer, type Site, siteOf } from "./engine"
import { type Folder, readState, settingsOf, writeState } from "./folder"
import { recorded } from "./history"
import { locked } from "./lock"
import { EXIT, Refusal, result, say } from "./print"
import { filesHash } from "./secrets"
import { makeCertificate, rootFile, siteFile, tlsFault, writeSite } from "./tls"

export async function certificate(
  folder: Folder,
  [what = "", ...rest]: string[],
  options: { json: boolean; force: boolean },
): Promise<number> {
  if (!["status", "renew"].includes(what))
    throw new Refusal(unknownName("verb of certificate", what, ["status", "renew"]).message, EXIT.usage)
  if (rest.length > 0) throw new Refusal(`certificate ${what} does not take "${rest[0]}"`, EXIT.usage, "openimctl help certificate")
  const settings = settingsOf(folder)
  if ((settings["TLS"] ?? "off") === "off")
    throw new Refusal("TLS=off: there is no certificate", EXIT.refused, "set TLS=internal, files or acme in .env, then: openimctl deploy")
  return what === "status" ? status(folder, settings, options.json) : renew(folder, await findEngine(), options.force)
}

async function status(folder: Folder, settings: Record<string, string>, json: boolean): Promise<number> {
  const pem = readSite(folder)
  const facts = pem === undefined ? undefined : certificateFacts(pem)
  if (pem === undefined || facts === undefined) throw new Problem(`${siteFile(folder)} holds no certificate`, "openimctl deploy")
  const host = publicHost(settings)
  const served = await servedFingerprint(settings)
  const faults = [
    certificateFault(pem, host, new Date()),
    served === undefined ? `the edge does not answer at port ${settings["HTTPS_PORT"]}` : undefined,
    served !== undefined && served !== facts.fingerprint ? "the edge serves another one: openimctl certificate renew" : undefined,
    provisional(folder, settings, pem) ? "it is of this installation: the authority has given none yet" : undefined,
  ].filter((one) => one !== undefined)
  const days = Math.floor(daysLeft(pem, new Date()))
  if (json)
    result(jsonText({ ok: faults.length === 0, mode: settings["TLS"], ...facts, daysLeft: days, due: renewalDue(pem, new Date()), faults }))
  else
    result(
      [
        `mode     TLS=${settings["TLS"]}`,
        `names    ${facts.names}`,
        `issuer   ${facts.issuer}`,
        `ends     ${facts.ends.toISOString().slice(0, 16).replace("T", " ")} UTC, in ${days} days`,
        ...faults.map((fault) => `fault    ${fault}`),
        "",
      ].join("\n"),
    )
  return faults.length === 0 ? EXIT.fine : EXIT.unhealthy
}

async function renew(folder: Folder, engine: Engine, force: boolean): Promise<number> {
  const settings = settingsOf(folder)
  const fault = tlsFault(folder, settings)
  if (fault) throw new Refusal(fault, EXIT.refused, "correct that, then run the same command again")
  const pem = readSite(folder)
  const wanted = settings["TLS"] !== "files" && (force || needed(folder, settings))
  const served = await servedFingerprint(settings)
  if (!wanted && pem !== undefined && served === certificateFacts(pem)?.fingerprint) {
    say(`nothing to do: the certificate ends in ${Math.floor(daysLeft(pem, new Date()))} days`)
    return EXIT.fine
  }
  await locked(folder, "certificate renew", () =>
    recorded(folder, "certificate renew", async () => {
      const site = siteOf(folder, engine, settings)
      await renewed(site, wanted)
      return undefined
    }),
  )
  return EXIT.fine
}

/** After a deployment: the first certificate of the authority, or a new one; true where there is one. */
export async function renewIfNeeded(site: Site): Promise<boolean> {
  if (site.settings["TLS"] !== "acme" || !needed(site.folder, site.settings)) return false
  try {
    await renewed(site, true)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new Problem(
      `${error.what}\neverything runs, but with a certificate that clients do not trust or that ends soon`,
      `${error.next ?? ""}; then: openimctl certificate renew`,
    )
  }
  return true
}

/** A new certificate where one is wanted, and in any case the one of the file in the edge. */
async function renewed(site: Site, wanted: boolean): Promise<void> {
  const { folder, settings } = site
  const edge = serviceNamed(folder.deployment, folder.deployment.edge.service)
  const running = await runningContainer(site, edge.name)
  if (!running) throw new Problem(`${edge.name} does not run`, "openimctl start")
  const before = filesHash(folder, edge)
  if (wanted && settings["TLS"] === "acme") writeSite(folder, await obtained(site))
  else if (wanted) await makeCertificate(folder, publicHost(settings))
  await intoEdge(site, running.id)
  // It has what stands in the file: a deployment need not make it again.
  const state = readState(folder)
  if (state.files[edge.name] === before) {
    state.files[edge.name] = filesHash(folder, edge)
    writeState(folder, state)
  }
  const pem = readSite(folder) ?? ""
  say(`the edge has a certificate of ${certificateFacts(pem)?.issuer}, which ends in ${Math.floor(daysLeft(pem, new Date()))} days`)
}

async function intoEdge(site: Site, container: string): Promise<void> {
  const { deployment } = site.folder
  const { certificate: file } = deployment.edge
  const pem = (readSite(site.folder) ?? "").split("\n").filter((line) => line.trim() !== "")
  const given = await edgeCommand(site, container, `set ssl cert ${file} <<\n${pem.join("\n")}\n\n`)
  const committed = /Transaction (created|updated)/.test(given) ? await edgeCommand(site, container, `commit ssl cert ${file}\n`) : given
  if (!/Success/.test(committed)) {
    await edgeCommand(site, container, `abort ssl cert ${file}\n`)
    throw new Problem(`the edge does not take the certificate: ${lastWords(committed, 3)}`, RESTART(deployment.edge.service))
  }
}

function needed(folder: Folder, settings: Record<string, string>): boolean {
  const pem = readSite(folder)
  return (
    pem === undefined ||
    provisional(folder, settings, pem) ||
    renewalDue(pem, new Date()) ||
    certificateFault(pem, publicHost(settings), new Date()) !== undefined
  )
}

/** Made here, until the authority has given one. */
function provisional(folder: Folder, settings: Record<string, string>, pem: string): boolean {
  return settings["TLS"] === "acme" && existsSync(rootFile(folder)) && issuedBy(pem, readFileSync(rootFile(folder), "utf8"))
}

function readSite(folder: Folder): string | undefined {
  return existsSync(siteFile(folder)) ? readFileSync(siteFile(folder), "utf8") : undefined
}

/** Of the certificate that clients get; undefined where nothing answers. */
function servedFingerprint(settings: Record<string, string>): Promise<string | undefined> {
  const host = publicHost(settings)
  return new Promise((resolve) => {
    const socket = connect({
      host: "127.0.0.1",
      port: Number(settings["HTTPS_PORT"]),
      timeout: 5000,
      // It is compared, not trusted.
      rejectUnauthorized: false,
      ...(isIP(host) ? {} : { servername: host }),
    })
    const end = (found: string | undefined): void => {
      socket.destroy()
      resolve(found)
    }
    socket.on("secureConnect", () => end(socket.getPeerX509Certificate()?.fingerprint256))
    socket.on("timeout", () => end(undefined))
    socket.on("error", () => end(undefined))
  })
}
