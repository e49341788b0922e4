// How each program is asked whether it does its work: by its own protocol, never by what its supervisor says.

import { execFile } from "node:child_process"
import { connect } from "node:net"
import { promisify } from "node:util"
import { Admin, adminUserID, ask, call, secret } from "./im.js"
import { processOf } from "./processes.js"
import { groupConsumes } from "./queue.js"
import { chatAdminAddress, chatApiAddress, type Dependency, dependencies, type Program, probeAddresses, titleOf } from "./stack.js"

export interface Checker {
  /** What is asked. */
  what: string
  /** Throws with the reason when it is bad. */
  check: () => Promise<unknown>
}

/** Milliseconds for an answer; a program that is down refuses at once, but one that waits for another does not. */
const limit = 4000

const runFile = promisify(execFile)

export function checkerOf(program: Program): Checker {
  const checker = isDependency(program.host) ? probe(program.host) : checkers[program.name]
  if (!checker) throw new Error(`nobody has said how to check ${titleOf(program)}: add it to tests/stacks/openim/support/checkers.ts`)
  return checker
}

function isDependency(host: string): host is Dependency {
  return (dependencies as readonly string[]).includes(host)
}

function probe(dependency: Dependency): Checker {
  return {
    what: `stackctl probes ${dependency}`,
    check: async () => {
      try {
        await runFile("stackctl", ["probe", probeAddresses[dependency]], { timeout: 10_000 })
      } catch (error) {
        const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string }
        throw new Error(stdout?.trim() || stderr?.trim() || message)
      }
    },
  }
}

/** The API hands a request on to the program that it is for, so its answer is the program's. */
function throughApi(path: string, body: object): Checker {
  return {
    what: `the API answers ${path}`,
    check: async () => (await adminOnce()).post(path, body, { limit }),
  }
}

const firstPage = { pageNumber: 1, showNumber: 1 }

const checkers: Record<string, Checker> = {
  "openim-api": {
    what: "the API gives an administrator's token",
    check: () => Admin.login({ limit }),
  },
  "openim-rpc-user": throughApi("/user/account_check", { checkUserIDs: [adminUserID] }),
  "openim-rpc-friend": throughApi("/friend/get_friend_list", { userID: adminUserID, pagination: firstPage }),
  "openim-rpc-group": throughApi("/group/get_groups", { pagination: firstPage }),
  "openim-rpc-conversation": throughApi("/conversation/get_all_conversations", { ownerUserID: adminUserID }),
  "openim-rpc-msg": throughApi("/msg/get_server_time", {}),
  "openim-rpc-third": throughApi("/object/part_size", { size: 1 }),
  "openim-rpc-auth": {
    what: "the API gives a token",
    check: () => call("/auth/get_admin_token", { secret, userID: adminUserID }, { limit }),
  },
  "openim-msggateway": {
    what: "the gateway answers that a login needs a token",
    check: async () => {
      const response = await fetch("http://server:10001/", { signal: AbortSignal.timeout(limit) })
      const { errCode } = (await response.json()) as { errCode: number }
      if (errCode !== 1602) throw new Error(`it answers errCode ${errCode}`)
    },
  },
  "openim-push": {
    what: "its port answers and it consumes topic toPush",
    check: async () => {
      await portAnswers("server", 10170)
      await groupConsumes("push")
    },
  },
  "openim-msgtransfer": {
    what: "it consumes topics toRedis and toMongo",
    check: () => Promise.all([groupConsumes("redis"), groupConsumes("mongo")]),
  },
  // It answers nobody: it only waits for two o'clock at night.
  "openim-crontask": {
    what: "its process is there",
    check: async () => {
      if (!(await processOf({ host: "server", name: "openim-crontask" }))) throw new Error("there is no process of that name")
    },
  },
  "chat-api": {
    what: "chat's API answers that a login needs an account",
    check: () => ask("/account/login", {}, { base: chatApiAddress, limit }),
  },
  "admin-api": {
    what: "chat's administration answers that it needs a token",
    check: () => ask("/account/info", {}, { base: chatAdminAddress, limit }),
  },
  "chat-rpc": {
    what: "a login of nobody is refused, as there is no such account",
    check: async () => {
      const nobody = { email: "nobody@example.com", password: "nothing", platform: 5 }
      const { errCode, errMsg } = await ask("/account/login", nobody, { base: chatApiAddress, limit })
      if (errCode !== accountNotFound) throw new Error(`it answers errCode ${errCode}: ${errMsg}`)
    },
  },
  "admin-rpc": {
    what: "chat's API answers /client_config/get",
    check: () => call("/client_config/get", {}, { base: chatApiAddress, limit }),
  },
}

const accountNotFound = 20002

export function portAnswers(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: limit })
    const end = (error?: Error) => {
      socket.destroy()
      if (error) reject(error)
      else resolve()
    }
    socket
      .once("connect", () => end())
      .once("error", end)
      .once("timeout", () => end(new Error(`${host}:${port} does not answer`)))
  })
}

let loggedIn: Promise<Admin> | undefined

/** One login for all checks: a login needs three programs. */
function adminOnce(): Promise<Admin> {
  loggedIn ??= Admin.login({ limit })
  loggedIn.catch(() => (loggedIn = undefined))
  return loggedIn
}
