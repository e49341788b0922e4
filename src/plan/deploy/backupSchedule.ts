// What makes a backup each night: a timer of systemd, or a line for cron.

export interface Nightly {
  project: string
  folder: string
  /** The program with its arguments. */
  command: string[]
  /** HH:MM in the time of the machine. */
  at: string
}

/** Its name, without .service or .timer. */
export const unitName = (project: string): string => `${project}-backup`

/** In double quotes, in which systemd and the shell know these. */
const quoted = (word: string): string => (/^[A-Za-z0-9_./=:-]+$/.test(word) ? word : `"${word.replace(/["\\$`]/g, "\\$&")}"`)
/** Systemd replaces what stands behind % and $. */
const unitWord = (word: string): string =>
  quoted(word)
    .replaceAll("%", "%%")
    .replaceAll("\\$", () => "$$")

export function timerUnits({ project, folder, command, at }: Nightly): Record<string, string> {
  const name = unitName(project)
  return {
    [`${name}.service`]: `# Made by openimctl schedule install; openimctl schedule remove removes it.
[Unit]
Description=Backup of ${project}
After=docker.service network-online.target

[Service]
Type=oneshot
WorkingDirectory=${folder.replaceAll("%", "%%")}
ExecStart=${command.map(unitWord).join(" ")}
`,
    // A machine that was off makes it up.
    [`${name}.timer`]: `# Made by openimctl schedule install; openimctl schedule remove removes it.
[Unit]
Description=Backup of ${project}, each night

[Timer]
OnCalendar=*-*-* ${at}:00
Persistent=true

[Install]
WantedBy=timers.target
`,
  }
}

const mark = (project: string): string => `# openimctl backup of ${project}`

/** A crontab without the line of this project. */
export function withoutCron(crontab: string, project: string): string {
  const lines = crontab.split("\n").filter((line) => !line.endsWith(mark(project)))
  return lines.join("\n")
}

/** The crontab with that line once. Cron takes % for the end of a line. */
export function withCron(crontab: string, { project, folder, command, at }: Nightly): string {
  const [hour, minute] = at.split(":").map(Number)
  const before = withoutCron(crontab, project).replace(/\n*$/, "")
  const words = `cd ${quoted(folder)} && ${command.map(quoted).join(" ")} >>.openimctl/backup.log 2>&1`
  return `${before === "" ? "" : `${before}\n`}${minute} ${hour} * * * ${words.replaceAll("%", "\\%")} ${mark(project)}\n`
}

export const hasCron = (crontab: string, project: string): boolean => crontab !== withoutCron(crontab, project)
