// A backup as one encrypted file: to take along, and to bring back.
import { existsSync, mkdirSync, rmSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { Problem } from "../../src/base/problem"
import { backupOf, configPart, type RunFacts, resticTags, saveWords } from "../../src/plan/deploy/backup"
import { placeOf, readablePlaces } from "./backup"
import { openPlace, perform, placesOf, ready, restic, runsIn } from "./backupPlaces"
import { type Engine, type Site, siteOf } from "./engine"
import { type Folder, settingsOf } from "./folder"
import { locked } from "./lock"
import { EXIT, Refusal, result, say } from "./print"

interface About extends RunFacts {
  stack: string
  parts: string[]
}

/** One encrypted file, which age and tar open anywhere: with the key in backup.key. */
export async function exportBackup(folder: Folder, engine: Engine, words: string[]): Promise<number> {
  const site = siteOf(folder, engine, settingsOf(folder))
  const name = words[0] ?? "latest"
  await locked(folder, "backup export", async () => {
    const { place, run } = placeOf(site, await readablePlaces(site), name)
    const file = resolve(words[1] ?? `${run.run}.tar.gz.age`)
    if (existsSync(file)) throw new Refusal(`${file} is there already`, EXIT.refused, "name another file")
    if (!existsSync(dirname(file))) throw new Refusal(`${dirname(file)} is missing`, EXIT.refused, "name a folder that is there")
    const about: About = {
      stack: folder.deployment.stack,
      run: run.run,
      kind: run.kind,
      release: run.release,
      parts: Object.keys(run.parts),
    }
    try {
      await perform(site, {
        command: ["start-backup", "pack", `/out/${basename(file)}`, JSON.stringify(about), ...Object.values(run.parts)],
        place,
        mounts: [{ from: dirname(file), to: "/out", write: true }],
      })
    } catch (error) {
      rmSync(file, { force: true })
      throw error
    }
    result(file)
    say(`to read it without openimctl: age -d -i backup.key ${basename(file)} | tar -xz`)
  })
  return EXIT.fine
}

/** Takes the file into the first place, where restore finds it; its name there. The caller holds the lock. */
export async function importBackup(site: Site, file: string): Promise<string> {
  await ready(site, false)
  const local = placesOf(site)[0]!
  await openPlace(site, local, true)
  const aside = join(dirname(local.address), "import")
  mkdirSync(aside, { recursive: true, mode: 0o700 })
  const work = { from: aside, to: "/work", write: true }
  try {
    const about = await unpacked(site, file, work)
    if ((await runsIn(site, local)).some(({ run }) => run === about.run)) say(`${about.run} is in ${local.address} already`)
    else await takeParts(site, about, aside)
    return about.run
  } finally {
    // What was unpacked belongs to other users.
    await perform(site, { command: ["find", "/work", "-mindepth", "1", "-delete"], mounts: [work] })
    rmSync(aside, { recursive: true, force: true })
  }
}

async function unpacked(site: Site, file: string, work: { from: string; to: string; write: boolean }): Promise<About> {
  say(`reading ${file}`)
  const other = `${file} is not an export of openimctl with this key`
  try {
    const mounts = [work, { from: dirname(file), to: "/in" }]
    await perform(site, { command: ["start-backup", "unpack", `/in/${basename(file)}`, "/work"], mounts })
  } catch (error) {
    throw new Problem(`${other}: ${(error as Problem).what}`, "put the key into backup.key that it was made with")
  }
  const about = await perform(site, { command: ["cat", "/work/about.json"], mounts: [work] }).then(
    (text) => JSON.parse(text) as About,
    () => undefined,
  )
  if (about === undefined) throw new Problem(other)
  if (about.stack !== site.folder.deployment.stack)
    throw new Problem(
      `${file} is a backup of ${about.stack}, and this kit is ${site.folder.deployment.stack}`,
      "restore it with the kit of that",
    )
  return about
}

/** As they were saved: dumps from the files, volumes and the configuration from the folders. */
async function takeParts(site: Site, about: About, aside: string): Promise<void> {
  const local = placesOf(site)[0]!
  for (const part of backupOf(site.folder.deployment).parts) {
    if (!about.parts.includes(part.name)) continue
    say(`taking ${part.name}`)
    const dumped = part.dump === undefined ? part : { ...part, dump: ["cat", `/work/${part.file}`] }
    const mounts =
      part.dump === undefined
        ? [{ from: join(aside, "volumes", part.volume!), to: `/volumes/${part.volume}` }]
        : [{ from: aside, to: "/work" }]
    await restic(site, local, saveWords(dumped, about), { mounts })
  }
  if (!about.parts.includes(configPart)) return
  const words = ["backup", "--no-scan", ...resticTags(about, configPart), "/config"]
  await restic(site, local, words, { mounts: [{ from: join(aside, "config"), to: "/config" }] })
}
