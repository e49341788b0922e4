// schedule: a backup each night and a test of a restore each Sunday, by systemd, or by cron where there is no systemd.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { backupOf } from "../../src/plan/deploy/backup"
import {
  hasCron,
  hourLater,
  type Kind,
  type Scheduled,
  timerUnits,
  unitName,
  withCron,
  withoutCron,
} from "../../src/plan/deploy/backupSchedule"
import { isRoot } from "../requirements"
import { attempt, which } from "../run"
import { type Folder, projectName, settingsOf } from "./folder"
import { recorded } from "./history"
import { EXIT, Refusal, result, say } from "./print"

const unitFolder = (): string => (isRoot() ? "/etc/systemd/system" : join(homedir(), ".config/systemd/user"))

async function systemctl(words: string[]): Promise<{ code: number; stdout: string }> {
  const done = await attempt(["systemctl", ...(isRoot() ? [] : ["--user"]), ...words], { limitSeconds: 60 })
  return { code: done.code, stdout: done.stdout.trim() || lastWords(done.tail, 1) }
}

async function crontab(): Promise<string> {
  const done = await attempt(["crontab", "-l"], { limitSeconds: 20 })
  return done.code === 0 ? done.stdout : ""
}

async function setCrontab(text: string): Promise<void> {
  const done = await attempt(["crontab", "-"], { limitSeconds: 20, input: text })
  if (done.code !== 0) throw new Problem(`crontab refuses the line: ${lastWords(done.tail, 2)}`, "crontab -e shows what is there")
}

async function keeper(): Promise<"systemd" | "cron"> {
  if (existsSync("/run/systemd/system") && (await which("systemctl"))) return "systemd"
  if (await which("crontab")) return "cron"
  throw new Problem(
    "this machine has neither systemd nor cron",
    "install cron (apt-get install cron), or have `openimctl backup` called each night from elsewhere",
  )
}

export async function schedule(folder: Folder, [what = "status"]: string[], at = "02:00", withTest = true): Promise<number> {
  backupOf(folder.deployment)
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(at)) throw new Refusal(`--at=${at} is not a time of day`, EXIT.usage, "such as --at=02:00")
  const project = projectName(folder, settingsOf(folder))
  const by = await keeper()
  const program = (...words: string[]): string[] => [process.execPath, process.argv[1]!, ...words, `--folder=${folder.path}`]
  const common = { project, folder: folder.path }
  const tasks: Scheduled[] = [
    { ...common, kind: "backup", command: program("backup"), at },
    ...(withTest ? [{ ...common, kind: "restore-test" as const, command: program("restore", "latest", "--test"), at: hourLater(at) }] : []),
  ]
  if (what === "status") return by === "systemd" ? timerStatus(project) : cronStatus(project)
  await recorded(folder, `schedule ${what}`, async () => {
    if (by === "systemd") {
      await removeTimers(project)
      if (what === "install") for (const task of tasks) await installTimer(task)
    } else await setCrontab((what === "install" ? tasks : []).reduce(withCron, withoutCron(await crontab(), project)))
    return by
  })
  say(
    what === "install"
      ? `a backup is made each night at ${at}${withTest ? `, and a restore is tested each Sunday at ${hourLater(at)}` : ""}, by ${by}: openimctl status shows the last ones`
      : "no backup is made automatically any more",
  )
  if (what === "install" && by === "systemd" && !isRoot())
    say("it runs while you are not logged in, too, after: sudo loginctl enable-linger")
  return EXIT.fine
}

async function installTimer(task: Scheduled): Promise<void> {
  const target = unitFolder()
  try {
    mkdirSync(target, { recursive: true })
    for (const [name, text] of Object.entries(timerUnits(task))) writeFileSync(join(target, name), text)
  } catch (error) {
    throw new Problem(`${target} cannot be written: ${(error as Error).message}`, "run it as root, or as a user with systemd")
  }
  for (const words of [["daemon-reload"], ["enable", "--now", `${unitName(task.project, task.kind)}.timer`]]) {
    const { code, stdout } = await systemctl(words)
    if (code !== 0) throw new Problem(`systemctl ${words[0]} failed: ${stdout}`, "try it by hand")
  }
}

const allKinds: Kind[] = ["backup", "restore-test"]

async function removeTimers(project: string): Promise<void> {
  for (const kind of allKinds) {
    const name = unitName(project, kind)
    if (!existsSync(join(unitFolder(), `${name}.timer`))) continue
    await systemctl(["disable", "--now", `${name}.timer`])
    for (const end of ["timer", "service"]) rmSync(join(unitFolder(), `${name}.${end}`), { force: true })
  }
  await systemctl(["daemon-reload"])
}

async function timerStatus(project: string): Promise<number> {
  if (!existsSync(join(unitFolder(), `${unitName(project, "backup")}.timer`))) return absent()
  const names = allKinds.map((kind) => `${unitName(project, kind)}.timer`)
  const { stdout } = await systemctl(["list-timers", "--all", "--no-pager", ...names])
  result(stdout)
  return EXIT.fine
}

async function cronStatus(project: string): Promise<number> {
  const text = await crontab()
  if (!hasCron(text, project)) return absent()
  result(
    text
      .split("\n")
      .filter((line) => hasCron(line, project))
      .join("\n"),
  )
  return EXIT.fine
}

function absent(): number {
  say("no backup is made automatically: openimctl schedule install")
  return EXIT.unhealthy
}
