// Programs of the user that run before and after a change: hooks/before-VERB and hooks/after-VERB in the kit's folder.
import { accessSync, constants, existsSync } from "node:fs"
import { join } from "node:path"
import { messageOf } from "../../src/base/errors"
import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { attempt } from "../run"
import type { Folder } from "./folder"
import { EXIT, masked, Refusal, say } from "./print"

const FOLDER = "hooks"
const LIMIT_SECONDS = 300

export type HookVerb = "deploy" | "update" | "rollback"

export interface Hooks {
  /** Fails where the program does: nothing has changed then. */
  before(): Promise<void>
  /** The change, and the program after it, whether it was made or taken back: one that fails is a line on the terminal. */
  around(work: () => Promise<unknown>): Promise<void>
}

/** `from` and `to` are releases, which the programs get as variables. */
export function hooksOf(folder: Folder, verb: HookVerb, from: string, to: string): Hooks {
  const facts = { OPENIMCTL_VERB: verb, OPENIMCTL_FROM: from, OPENIMCTL_TO: to }
  let begun = false
  const after = async (result: "ok" | "failed"): Promise<void> => {
    if (!begun) return
    try {
      await runHook(folder, `after-${verb}`, { ...facts, OPENIMCTL_RESULT: result })
    } catch (error) {
      say(`warning: ${messageOf(error)}`)
    }
  }
  return {
    before: async () => {
      const name = `before-${verb}`
      try {
        await runHook(folder, name, facts)
      } catch (error) {
        throw new Refusal(`${messageOf(error)}; nothing was changed`, EXIT.refused, `correct ${FOLDER}/${name}, or move it away`)
      }
      begun = true
    },
    around: async (work) => {
      try {
        await work()
      } catch (error) {
        await after("failed")
        throw error
      }
      await after("ok")
    },
  }
}

async function runHook({ path }: Folder, name: string, facts: Record<string, string>): Promise<void> {
  const file = join(path, FOLDER, name)
  if (!existsSync(file)) return
  try {
    accessSync(file, constants.X_OK)
  } catch {
    throw new Problem(`${FOLDER}/${name} is not executable: chmod +x ${file}`)
  }
  const limitSeconds = Number(process.env["OPENIMCTL_HOOK_SECONDS"]) || LIMIT_SECONDS
  say(`running ${FOLDER}/${name}`)
  const done = await attempt([file], { cwd: path, env: facts, limitSeconds, onLine: (line) => say(masked(`  | ${line}`)) })
  if (done.code !== 0) throw new Problem(`${FOLDER}/${name} ended with exit code ${done.code}: ${masked(lastWords(done.tail, 2))}`)
}
