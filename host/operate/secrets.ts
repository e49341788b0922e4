// Secrets reach containers as files: written from .env before each start.
import { createHash } from "node:crypto"
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { Problem } from "../../src/base/problem"
import type { DeployedService, Deployment } from "../../src/plan/deploy/model"
import { writeFileAtomic } from "../files"
import { isRoot } from "../requirements"
import type { Folder, State } from "./folder"

/** The user of all images that are built here. */
const USER = 10001

/** Writes what has changed; what no setting has any more is removed. */
export function writeSecrets({ deployment, secrets, tls }: Folder, settings: Record<string, string>): void {
  try {
    mkdirSync(secrets, { recursive: true, mode: 0o700 })
    mkdirSync(tls, { recursive: true })
    chmodSync(secrets, 0o700)
    const wanted = new Map(
      deployment.settings.flatMap(({ name, uses }) =>
        uses.filter(({ as }) => as === "file").map(({ variable }) => [variable, settings[name] ?? ""]),
      ),
    )
    for (const [file, value] of wanted) {
      const path = join(secrets, file)
      if (!existsSync(path) || readFileSync(path, "utf8") !== value) writeFileAtomic(path, value, 0o600)
      readableInside(
        path,
        readByOthers(deployment, (service) => service.secrets.includes(file)),
      )
    }
    for (const file of readdirSync(secrets)) if (!wanted.has(file)) rmSync(join(secrets, file), { recursive: true, force: true })
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(`${secrets} cannot be written: ${(error as Error).message}`, "run it as the user who owns the folder")
  }
}

/** Images of other makers choose the user that they run as. */
export const readByOthers = (deployment: Deployment, reads: (service: DeployedService) => boolean): boolean =>
  deployment.services.some((service) => service.user !== undefined && Number.parseInt(service.user, 10) !== USER && reads(service))

/** For the user in the container: owned by it where that is ours to do, otherwise readable inside the closed folder. */
export function readableInside(path: string, others: boolean): void {
  if (isRoot() && !others) {
    chownSync(path, USER, USER)
    chmodSync(path, 0o400)
  } else chmodSync(path, 0o444)
}

/** A hash of all that a service reads from files here: compose does not notice when their content changes. */
export function filesHash({ path, secrets }: Folder, service: DeployedService): string {
  const hash = createHash("sha256")
  const add = (file: string): void => {
    const found = statSync(file, { throwIfNoEntry: false })
    if (found?.isDirectory()) for (const name of readdirSync(file).sort()) add(join(file, name))
    else hash.update(`${file.slice(path.length)}\0`).update(found ? readFileSync(file) : "missing")
  }
  for (const name of [...service.secrets].sort()) add(join(secrets, name))
  for (const source of Object.keys(service.files).sort()) add(join(path, source))
  return hash.digest("hex").slice(0, 32)
}

const digest = (value: string): string => createHash("sha256").update(`openimctl\0${value}`).digest("hex")

/** Notes which value each volume that does not exist yet will be made with. */
export function noteMadeWith({ deployment }: Folder, state: State, settings: Record<string, string>, volumes: string[]): void {
  for (const { name, madeWith } of deployment.settings) {
    if (madeWith === undefined) continue
    if (!volumes.includes(madeWith) || state.madeWith[name] === undefined) state.madeWith[name] = digest(settings[name] ?? "")
  }
}

export function setMadeWith(state: State, name: string, value: string): void {
  state.madeWith[name] = digest(value)
}

/** Setting → whether the value in .env is the one that its volume was made with, as far as that was noted. */
export function comparedMadeWith({ deployment }: Folder, state: State, settings: Record<string, string>): Record<string, boolean> {
  return Object.fromEntries(
    deployment.settings.flatMap(({ name, madeWith }) => {
      const noted = state.madeWith[name]
      return madeWith === undefined || noted === undefined ? [] : [[name, noted === digest(settings[name] ?? "")] as const]
    }),
  )
}
