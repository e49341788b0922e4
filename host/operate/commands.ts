// The verbs of openimctl as data: what they take, and what help says.

export interface Verb {
  name: string
  usage: string
  purpose: string
  options: string[]
  /** Names that the documents have for it. */
  also?: string[]
}

export interface Option {
  name: string
  /** What stands behind the =; none for a switch. */
  value?: string
  short?: string
  purpose: string
}

const ALL = ["folder", "host", "help"]

export const OPTIONS: Option[] = [
  { name: "folder", value: "PATH", purpose: "the kit's folder; by default the current one, or the one beside this program" },
  {
    name: "host",
    value: "ssh://USER@SERVER[:PORT][/FOLDER]",
    purpose: "do it on that machine; the kit is copied there first (default folder: openim)",
  },
  { name: "format", value: "table|json", purpose: "json for programs" },
  { name: "profiles", value: "NAME,…", purpose: "which services: core, frontend, all; by default those of the last deployment, or all" },
  { name: "address", value: "ADDRESS", purpose: "under which the users reach this machine: im.company.com, 192.0.2.10 or a URL" },
  { name: "environment", value: "development|test|production", purpose: "development takes placeholders and values that everybody knows" },
  { name: "dry-run", purpose: "print what would change; change nothing" },
  { name: "kubernetes", purpose: "on Kubernetes, by helm and kubectl, with the chart of the kit" },
  {
    name: "context",
    value: "NAME",
    purpose: "with --kubernetes: the cluster, as kubectl config get-contexts lists it (default: the current one)",
  },
  { name: "namespace", value: "NAME", purpose: "with --kubernetes: the namespace (default: the name of the stack)" },
  { name: "values", value: "FILE", purpose: "with --kubernetes: your values for the chart, beside the settings of .env" },
  { name: "build-only", purpose: "load or pull the images; start nothing" },
  { name: "deploy-only", purpose: "take the images that are on this machine; load and pull nothing" },
  { name: "status", purpose: "the same as the verb status" },
  { name: "ignore", value: "CODE,…", purpose: "go on in spite of findings: memory, disk, cpu, port, …" },
  { name: "accept", value: "NAME,…", purpose: "you know about these changes of a newer version, and have done what they ask for" },
  {
    name: "timeout",
    value: "SECONDS",
    purpose: "time limit: of each stage for deploy, start, restart, update and rollback; of the whole for health (default 60)",
  },
  { name: "quick", purpose: "leave out the check through the public address" },
  { name: "follow", short: "f", purpose: "go on printing new lines" },
  { name: "lines", value: "N|all", purpose: "how many of the last lines of each service (default 100)" },
  { name: "yes", short: "y", purpose: "no question" },
  { name: "data", purpose: "with all data" },
  { name: "confirm", value: "PROJECT", purpose: "the project's name, where there is no terminal to ask" },
  { name: "backup", purpose: "with a backup before; the default where backups have been made here" },
  { name: "no-backup", purpose: "without a backup before (update), without a copy of the volumes before (destroy)" },
  { name: "output", value: "PATH", purpose: "where it is written: the bundle's file, or the folder of the units" },
  { name: "at", value: "HH:MM", purpose: "the time of day on this machine (default 02:00)" },
  { name: "test", purpose: "restore into a scratch project beside the one that runs, read it again, and remove it: nothing is replaced" },
  { name: "no-test", purpose: "without the weekly test of a restore" },
  { name: "only", value: "PART,…", purpose: "these parts of the backup alone, or --PART-only; config is written beside what is there" },
  { name: "force", purpose: "no question; a certificate: in any case" },
  { name: "kit", value: "FOLDER", purpose: "the folder of the newer kit" },
  { name: "version", value: "SERVICE=VERSION,…", purpose: "instead of a kit: another version of a service's image, from its registry" },
  {
    name: "strategy",
    value: "blue-green|canary|recreate",
    purpose: "blue-green (default): all connections go to new containers at once; canary: share by share; recreate: stop, then start",
  },
  { name: "steps", value: "N,…", purpose: "canary: shares of 100 of the new connections (default 5,25,50,100)" },
  { name: "watch", value: "SECONDS", purpose: "how long each share is watched before the next (default 10)" },
  { name: "drain", value: "SECONDS", purpose: "in which time the connections of the old containers are closed (default 30)" },
  { name: "plan", purpose: "print the steps; change nothing" },
  { name: "html", value: "FILE", purpose: "one page with charts, instead of text" },
  { name: "hours", value: "N", purpose: "how far back the charts go (default 24)" },
  { name: "help", short: "h", purpose: "this text" },
]

export const VERBS: Verb[] = [
  {
    name: "deploy",
    usage: "deploy [--profiles=…] [--address=…] [--dry-run]",
    purpose: "make .env at the first use, check everything, then start what is missing or changed, in stages",
    options: [
      "profiles",
      "address",
      "environment",
      "dry-run",
      "kubernetes",
      "context",
      "namespace",
      "values",
      "build-only",
      "deploy-only",
      "status",
      "ignore",
      "accept",
      "timeout",
      "format",
    ],
  },
  {
    name: "status",
    usage: "status",
    purpose: "what runs; exit code 3 where something is not healthy",
    options: ["profiles", "kubernetes", "context", "namespace", "format"],
  },
  {
    name: "health",
    usage: "health",
    purpose: "services, disk, memory, ports, and what a client does, through the public address",
    options: ["timeout", "quick", "kubernetes", "context", "namespace", "format"],
  },
  { name: "start", usage: "start [SERVICE…]", purpose: "start in stages what was stopped", options: ["timeout"] },
  { name: "stop", usage: "stop [SERVICE…]", purpose: "stop, the last stage first; data and .env are kept", options: [] },
  { name: "restart", usage: "restart [SERVICE…]", purpose: "stop and start again, in stages", options: ["timeout"] },
  {
    name: "logs",
    usage: "logs [SERVICE…] [-f]",
    purpose: "what the services have written",
    options: ["follow", "lines", "kubernetes", "context", "namespace"],
  },
  {
    name: "scale",
    usage: "scale SERVICE=N…",
    purpose: "run N containers of a service, or of the one that has this program (api=2); later deployments keep the number",
    options: [],
  },
  {
    name: "update",
    usage: "update --kit=FOLDER|--version=SERVICE=VERSION [--plan]",
    purpose: "put a newer kit in the place of this one while users stay connected; a failure goes back",
    options: [
      ...["kit", "version", "backup", "no-backup", "strategy", "steps", "watch", "drain", "plan", "ignore", "accept", "kubernetes"],
      ...["context", "namespace", "values", "timeout", "format"],
    ],
  },
  {
    name: "rollback",
    usage: "rollback [RELEASE]",
    purpose: "put the kit that ran before, or another one that is kept, in the place of this one",
    options: ["strategy", "steps", "watch", "drain", "plan", "ignore", "accept", "kubernetes", "context", "namespace", "timeout", "format"],
  },
  {
    name: "env",
    usage: "env check|repair|diff [FILE]|show [NAME…]",
    purpose: "check .env, repair it, compare it with the template, show what is in effect",
    options: ["environment", "yes", "format"],
  },
  {
    name: "secrets",
    usage: "secrets rotate NAME",
    purpose: "change a password in the store and in .env together, or in neither",
    options: [],
  },
  {
    name: "certificate",
    usage: "certificate status|renew",
    purpose: "what the edge serves; a new one where less than 30 days are left, without an end of connections (for a timer)",
    options: ["force", "format"],
  },
  {
    name: "quadlet",
    usage: "quadlet [--output=FOLDER]",
    purpose: "units of systemd for podman 5 and newer, into quadlet/; start nothing",
    options: ["profiles", "output"],
  },
  { name: "history", usage: "history", purpose: "who changed what, when, with which result", options: ["format"] },
  {
    name: "doctor",
    usage: "doctor",
    purpose: "look for faults of this machine, .env, images and certificate; change nothing",
    options: ["format"],
  },
  {
    name: "report",
    usage: "report [--html=FILE]",
    purpose: "what runs, what happened, and with the profile monitoring how it went",
    options: ["html", "hours", "format"],
  },
  {
    name: "support-bundle",
    usage: "support-bundle [--output=FILE]",
    purpose: "a .tar.gz for those who help; secrets masked",
    options: ["output"],
  },
  {
    name: "backup",
    usage: "backup [full|PART|config], backup list|verify|export [NAME] [FILE]",
    purpose: "save what the stores hold, encrypted; list it, read all of it again, write one as a file",
    options: ["format"],
  },
  {
    name: "restore",
    usage: "restore NAME|latest|FILE [--only=PART,…] [--test]",
    purpose: "put the data of a backup in the place of what is there; prints what that is and asks first",
    options: ["only", "test", "force", "dry-run", "confirm", "ignore"],
  },
  {
    name: "notify",
    usage: "notify test [CHANNEL]",
    purpose: "send a test to mail, webhook, wecom, dingtalk and feishu, as far as .env names them",
    options: [],
  },
  {
    name: "schedule",
    usage: "schedule install|status|remove",
    purpose: "a backup each night, and a test of a restore each Sunday an hour later, by systemd or cron",
    options: ["at", "no-test"],
  },
  { name: "clean", usage: "clean", purpose: "remove containers and networks; keep .env and all data", options: [], also: ["down"] },
  {
    name: "destroy",
    usage: "destroy --data",
    purpose: "remove everything with all data, after a copy; asks for the project's name",
    options: ["data", "confirm", "no-backup"],
  },
  { name: "help", usage: "help [VERB]", purpose: "this list, or one verb's options", options: [] },
]

export const optionsOf = (verb: Verb): Option[] => OPTIONS.filter(({ name }) => verb.options.includes(name) || ALL.includes(name))

export function helpText(verb?: Verb): string {
  const lines = (rows: [string, string][]): string => {
    const width = Math.max(...rows.map(([left]) => left.length))
    return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n")
  }
  const option = ({ name, value, short, purpose }: Option): [string, string] => [
    `${short ? `-${short}, ` : ""}--${name}${value ? `=${value}` : ""}`,
    purpose,
  ]
  if (verb) return `openimctl ${verb.usage}\n\n${verb.purpose}\n\n${lines(optionsOf(verb).map(option))}\n`
  return `openimctl VERB [OPTIONS]: deploys the kit in a folder, and operates it on this machine

${lines(VERBS.map(({ usage, purpose }) => [usage, purpose]))}

openimctl help VERB lists its options. Exit codes: 0 fine, 1 failed, 2 wrong call, 3 not healthy, 4 refused before anything was
touched, 5 another call holds the lock, 130 stopped by Ctrl-C. More: docs/operate.md
`
}
