// secrets rotate: a new value in the store and in .env together, or in neither. What was interrupted is finished or dropped by the next call.
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { unknownName } from "../../src/base/nearest"
import { Problem } from "../../src/base/problem"
import { envText, parseEnv, withKey, writtenValue } from "../../src/plan/deploy/envFile"
import type { Setting } from "../../src/plan/deploy/model"
import { chosenProfiles, servicesOf } from "../../src/plan/deploy/stages"
import { readJson, writeJson } from "../files"
import { attempt } from "../run"
import { containersOf, type Engine, findEngine, runningContainer, type Site, siteOf } from "./engine"
import { generate, writeEnv } from "./envVerb"
import { type Folder, makeOwn, readEnv, readState, settingsOf, writeState } from "./folder"
import { recorded } from "./history"
import { locked } from "./lock"
import { EXIT, hide, say } from "./print"
import { filesHash, setMadeWith, writeSecrets } from "./secrets"
import { startStages } from "./start"

interface Pending {
  name: string
  before: string
  after: string
}

const pendingFile = ({ own }: Folder): string => join(own, "rotation.json")

export async function rotate(folder: Folder, name: string | undefined): Promise<number> {
  const secrets = folder.deployment.settings.filter(({ kind }) => kind === "secret")
  const setting = secrets.find((secret) => secret.name === name)
  if (!setting)
    throw unknownName(
      "secret",
      name ?? "",
      secrets.map(({ name }) => name),
    )
  if (setting.madeWith !== undefined && !setting.rotate)
    throw new Problem(
      `${setting.name} was made with the volume ${setting.madeWith}, and this kit does not know how to change it there`,
      `change it in the store by hand, then in .env`,
    )
  const engine = await findEngine()
  await locked(folder, `secrets rotate ${setting.name}`, async () => {
    await finishRotation(folder, engine)
    await recorded(folder, `secrets rotate ${setting.name}`, async () => {
      const site = siteOf(folder, engine, settingsOf(folder))
      const pending: Pending = { name: setting.name, before: site.settings[setting.name] ?? "", after: generate(setting.generate ?? 32) }
      hide([pending.before, pending.after])
      makeOwn(folder)
      writeJson(pendingFile(folder), pending)
      if (setting.rotate) {
        const done = await inStore(site, setting.rotate.service, setting.rotate.command, pending)
        if (done.code !== 0) {
          // It may have changed it before it failed.
          if (await accepts(site, setting, pending)) say("the store has the new value already")
          else {
            rmSync(pendingFile(folder), { force: true })
            throw new Problem(
              `${setting.rotate.service} refused the change of ${setting.name}: ${lastWords(done.tail)}`,
              "nothing was changed, in .env neither; openimctl status shows whether it is healthy",
            )
          }
        }
      }
      await complete(site, setting, pending)
      return undefined
    })
  })
  return EXIT.fine
}

/** A rotation that was interrupted: finished where the store has the new value, dropped where it has the old one. */
export async function finishRotation(folder: Folder, engine: Engine): Promise<void> {
  const pending = existsSync(pendingFile(folder)) ? readJson<Pending>(pendingFile(folder)) : undefined
  if (!pending) {
    rmSync(pendingFile(folder), { force: true })
    return
  }
  hide([pending.before, pending.after])
  const setting = folder.deployment.settings.find(({ name }) => name === pending.name)
  const site = siteOf(folder, engine, settingsOf(folder))
  const store = setting?.rotate?.service
  if (store && !(await containersOf(site)).some(({ service, state }) => service === store && state === "running")) {
    say(
      `warning: a change of ${pending.name} was interrupted, and ${store} does not run: the next call after its start finishes or drops it`,
    )
    return
  }
  if (setting?.rotate && (await accepts(site, setting, pending))) {
    say(`finishing the interrupted change of ${pending.name}: the store has the new value`)
    await complete(site, setting, pending)
  } else {
    say(`the interrupted change of ${pending.name} did not reach the store: .env stays as it is`)
    rmSync(pendingFile(folder), { force: true })
  }
}

async function complete(site: Site, setting: Setting, { before, after }: Pending): Promise<void> {
  const { folder } = site
  const lines = withKey(parseEnv(readEnv(folder) ?? "").lines, setting.name, writtenValue(after))
  writeEnv(folder, envText(lines))
  const state = readState(folder)
  if (setting.madeWith !== undefined) setMadeWith(state, setting.name, after)
  writeState(folder, state)
  rmSync(pendingFile(folder), { force: true })
  hide([before, after])
  say(`${setting.name} is changed${setting.rotate ? ` in ${setting.rotate.service} and` : ""} in .env; starting what uses it`)
  const settings = settingsOf(folder)
  const renewed: Site = { ...site, settings }
  writeSecrets(folder, settings)
  const profiles = chosenProfiles(folder.deployment, state.profiles)
  const services = servicesOf(folder.deployment, profiles)
  const users = services.filter((service) => state.files[service.name] !== filesHash(folder, service)).map(({ name }) => name)
  await startStages(renewed, { profiles, scale: state.scale, recreate: new Set(users), only: users })
  writeState(folder, { ...state, files: Object.fromEntries(services.map((service) => [service.name, filesHash(folder, service)])) })
  say(`${setting.name}: done, ${users.join(", ") || "no service"} started again`)
}

/** Runs in the store's container; the old and the new value are the first two lines of its input, never arguments. */
async function inStore(site: Site, service: string, command: string[], { before, after }: Pending) {
  const container = await runningContainer(site, service)
  if (!container) throw new Problem(`${service} does not run, so its password cannot be changed`, "openimctl start")
  return attempt([site.engine.name, "exec", "-i", container.id, ...command], { input: `${before}\n${after}\n`, limitSeconds: 60 })
}

async function accepts(site: Site, setting: Setting, pending: Pending): Promise<boolean> {
  if (!setting.rotate) return false
  const done = await inStore(site, setting.rotate.service, setting.rotate.verify, pending)
  return done.code === 0
}
