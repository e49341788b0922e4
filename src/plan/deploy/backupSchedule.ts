// What makes a backup each night and tests a restore each Sunday: timers of systemd, or lines for cron.

const kinds = ["backup", "restore-test"] as const
export type Kind = (typeof kinds)[number]

export interface Scheduled {
  kind: Kind
  project: string
  folder: string
  /** The program with its arguments. */
  command: string[]
  /** HH:MM in the time of the machine. */
  at: string
}

/** Its name, without .service or .timer. */
export const unitName = (project: string, kind: Kind): string => `${project}-${kind}`

/** When the backup is done, and before old messages are removed. */
export function hourLater(at: string): string {
  const [hour, minute] = at.split(":")
  return `${String((Number(hour) + 1) % 24).padStart(2, "0")}:${minute}`
}

/** In double quotes, in which systemd and the shell know these. */
const quoted = (word: string): string => (/^[A-Za-z0-9_./=:-]+$/.test(word) ? word : `"${word.replace(/["\\$`]/g, "\\$&")}"`)
/** Systemd replaces what stands behind % and $. */
const unitWord = (word: string): string =>
  quoted(word)
    .replaceAll("%", "%%")
    .replaceAll("\\$", () => "$$")

export function timerUnits({ kind, project, folder, command, at }: Scheduled): Record<string, string> {
  const name = unitName(project, kind)
  const what = kind === "backup" ? `Backup of ${project}` : `Test of a restore of ${project}`
  return {
    [`${name}.service`]: `# Made by openimctl schedule install; openimctl schedule remove removes it.
[Unit]
Description=${what}
After=docker.service network-online.target

[Service]
Type=oneshot
WorkingDirectory=${folder.replaceAll("%", "%%")}
ExecStart=${command.map(unitWord).join(" ")}
`,
    // A machine that was off makes it up.
    [`${name}.timer`]: `# Made by openimctl schedule install; openimctl schedule remove removes it.
[Unit]
Description=${what}, each ${kind === "backup" ? "night" : "Sunday"}

[Timer]
OnCalendar=${kind === "backup" ? "" : "Sun "}*-*-* ${at}:00
Persistent=true

[Install]
WantedBy=timers.target
`,
  }
}

const mark = (project: string, kind: Kind): string => `# openimctl ${kind} of ${project}`

/** A crontab without the lines of this project. */
export function withoutCron(crontab: string, project: string, of: readonly Kind[] = kinds): string {
  const lines = crontab.split("\n").filter((line) => !of.some((kind) => line.endsWith(mark(project, kind))))
  return lines.join("\n")
}

/** The crontab with that line once. Cron takes % for the end of a line. */
export function withCron(crontab: string, { kind, project, folder, command, at }: Scheduled): string {
  const [hour, minute] = at.split(":").map(Number)
  const before = withoutCron(crontab, project, [kind]).replace(/\n*$/, "")
  const words = `cd ${quoted(folder)} && ${command.map(quoted).join(" ")} >>.openimctl/${kind}.log 2>&1`
  const day = kind === "backup" ? "*" : "0"
  return `${before === "" ? "" : `${before}\n`}${minute} ${hour} * * ${day} ${words.replaceAll("%", "\\%")} ${mark(project, kind)}\n`
}

export const hasCron = (crontab: string, project: string): boolean => crontab !== withoutCron(crontab, project)
