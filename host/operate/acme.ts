// A certificate of an authority, by lego in a container beside the edge, which passes the authority's questions to it.
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { acmeCommand, acmeContainer, acmeDiagnosis, acmeFiles, acmeFolder, acmeSettings } from "../../src/plan/deploy/acme"
import { certificateFault } from "../../src/plan/deploy/certificate"
import { serviceNamed } from "../../src/plan/deploy/stages"
import { isRoot } from "../requirements"
import { attempt } from "../run"
import type { Site } from "./engine"
import type { Folder } from "./folder"
import { say } from "./print"

/** Authorities may take their time, and DNS even more. */
const LIMIT_SECONDS = 600

const folderOf = ({ path }: Folder): string => join(path, acmeFolder)

export function acmeContents(folder: Folder): string[] {
  return existsSync(folderOf(folder)) ? readdirSync(folderOf(folder)) : []
}

/** The chain and the key. */
export async function obtained(site: Site): Promise<string> {
  const { folder, engine, settings, project } = site
  const { edge } = folder.deployment
  const { host, server } = acmeSettings(settings)
  const own = folderOf(folder)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  chmodSync(own, 0o700)
  // Root of a container without rights beyond its own files reads only what is root's.
  if (isRoot()) for (const name of [".", ...readdirSync(own)]) chownSync(join(own, name), 0, 0)
  const image = settings[serviceNamed(folder.deployment, edge.service).imageSetting] ?? ""
  const user = engine.name === "podman" ? "0:0" : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  say(`asking ${server} for a certificate for ${host}`)
  await attempt([engine.name, "rm", "-f", acmeContainer(project)], { limitSeconds: 60 })
  const command = acmeCommand(edge, settings, { engine: engine.name, project, image, folder: own, user })
  const done = await attempt(command, { limitSeconds: LIMIT_SECONDS })
  if (done.code !== 0) {
    const { why, next } = acmeDiagnosis(done.tail)
    throw new Problem(`no certificate for ${host}: ${why}\nlego says: ${lastWords(done.tail, 4)}`, next)
  }
  const { chain, key } = acmeFiles(host)
  const pem = `${[chain, key].map((file) => readFileSync(join(own, file), "utf8").trim()).join("\n")}\n`
  const fault = certificateFault(pem, host, new Date())
  if (fault) throw new Problem(`the certificate of ${server} cannot be used: ${fault}`, "check ACME_SERVER in .env")
  return pem
}
