// --host=ssh://user@server[:port][/folder]: the kit is copied there and runs there. Compose over an SSH socket would not do, since the
// secrets, the edge's configuration and the certificates are files of the machine that runs the containers.
import { spawn } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { shellWord } from "../../src/base/shellWords"
import { attempt, which } from "../run"
import type { Folder } from "./folder"
import { EXIT, Refusal, say } from "./print"

export interface Remote {
  target: string
  port?: string
  folder: string
}

export function remoteOf(host: string): Remote {
  const found = /^ssh:\/\/((?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9a-fA-F:]+\]))(?::(\d+))?(\/.+)?$/.exec(
    host,
  )
  if (!found)
    throw new Refusal(
      `--host=${host} cannot be read`,
      EXIT.usage,
      "write it as ssh://user@server, ssh://user@server:2222 or ssh://user@server/opt/openim",
    )
  return { target: found[1]!, ...(found[2] ? { port: found[2] } : {}), folder: found[3] ?? "openim" }
}

const sshWords = ({ target, port }: Remote, terminal: boolean): string[] => [
  "ssh",
  ...(terminal ? ["-t"] : ["-o", "BatchMode=yes"]),
  ...(port ? ["-p", port] : []),
  "--",
  target,
]

/** What belongs to the user of the folder: never copied over what is there. */
const OF_THE_USER = [/^\.env/, /^secrets$/, /^tls$/, /^ca$/, /^acme$/, /^quadlet$/, /^\.openimctl$/, /^(backup|restored-|openim-support-)/]

/** Runs the call there, with the files of this kit where the call starts something. */
export async function onHost(folder: Folder, host: string, words: string[], copy: boolean, terminal: boolean): Promise<number> {
  const remote = remoteOf(host)
  if (!(await which("ssh"))) throw new Problem("ssh is missing", "install it: apt-get install openssh-client")
  const program = process.argv[1]!
  if (copy) {
    const asked = await attempt([...sshWords(remote, false), "true"], { limitSeconds: 60 })
    if (asked.code !== 0)
      throw new Problem(
        `${remote.target} cannot be reached by ssh: ${lastWords(asked.tail, 2)}`,
        `try: ssh ${remote.port ? `-p ${remote.port} ` : ""}${remote.target}; a key or an agent is needed, and the server in known_hosts`,
      )
    if (!existsSync(join(folder.path, "openimctl.mjs")) || dirname(program) !== folder.path)
      throw new Problem(
        `${folder.path} is not a kit with its program`,
        "make one: ./daggerw call deployment export --path=kit, and call ./kit/openimctl --host=…",
      )
    const files = readdirSync(folder.path).filter((name) => !OF_THE_USER.some((pattern) => pattern.test(name)))
    say(`copying the kit to ${remote.target}:${remote.folder}`)
    const code = await piped(
      ["tar", "-C", folder.path, "-cf", "-", ...files],
      [...sshWords(remote, false), `mkdir -p ${shellWord(remote.folder)} && tar -xf - -C ${shellWord(remote.folder)}`],
    )
    if (code !== 0)
      throw new Problem(
        `the kit could not be copied to ${remote.target}:${remote.folder}`,
        "is there space, and may that user write there?",
      )
  }
  const command = `cd ${shellWord(remote.folder)} && exec ./openimctl ${words.map(shellWord).join(" ")}`
  return new Promise((resolve, reject) => {
    const ssh = sshWords(remote, terminal)
    const child = spawn(ssh[0]!, [...ssh.slice(1), command], { stdio: "inherit" })
    child.on("error", reject)
    child.on("exit", (code) => resolve(code ?? 1))
  })
}

function piped(from: string[], to: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const source = spawn(from[0]!, from.slice(1), { stdio: ["ignore", "pipe", "inherit"] })
    const target = spawn(to[0]!, to.slice(1), { stdio: ["pipe", "ignore", "inherit"] })
    source.stdout.pipe(target.stdin)
    source.on("error", reject)
    target.on("error", reject)
    target.stdin.on("error", () => {})
    let sourceCode: number | null = null
    source.on("exit", (code) => {
      sourceCode = code
    })
    target.on("exit", (code) => resolve(code || sourceCode || 0))
  })
}
