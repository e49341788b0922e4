// Options of the Dagger CLI itself (v0.21.8), which stand before and after the names of functions.

export interface Flag {
  name: string
  short?: string
  /** Takes a value; the others are switches. */
  value?: boolean
}

/** Of every command. */
export const GLOBAL: Flag[] = [
  { name: "workdir", value: true },
  { name: "verbose", short: "v" },
  { name: "quiet", short: "q" },
  { name: "silent", short: "s" },
  { name: "debug", short: "d" },
  { name: "progress", value: true },
  { name: "lock", value: true },
  { name: "interactive", short: "i" },
  { name: "interactive-command", value: true },
  { name: "web", short: "w" },
  { name: "no-exit", short: "E" },
  { name: "auto-apply", short: "y" },
  { name: "x-release", value: true },
  { name: "dot-output", value: true },
  { name: "dot-focus-field", value: true },
  { name: "dot-show-internal" },
  { name: "cloud" },
  { name: "scale-out" },
  { name: "help", short: "h" },
]

/** Of the commands that load a module. */
export const MODULE: Flag[] = [
  { name: "mod", short: "m", value: true },
  { name: "no-mod", short: "M" },
  { name: "allow-llm", value: true },
  { name: "eager-runtime" },
]

/** Of `dagger call`. */
export const CALL: Flag[] = [...GLOBAL, ...MODULE, { name: "output", short: "o", value: true }, { name: "json", short: "j" }]

/** Before the command: those of a shell's script, too. */
export const ROOT: Flag[] = [...GLOBAL, ...MODULE, { name: "command", short: "c", value: true }, { name: "model", value: true }]

/** Commands of Dagger that load the module of the folder. */
export const MODULE_COMMANDS = new Set([
  "call",
  "functions",
  "check",
  "checks",
  "generate",
  "up",
  "shell",
  "query",
  "mcp",
  "listen",
  "config",
])

/** The other ones. */
export const OTHER_COMMANDS = new Set(
  "version run trace lock init install uninstall update develop publish toolchain core session gen client mcp help completion login logout".split(
    " ",
  ),
)
