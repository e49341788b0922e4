// The machine of a story that begins with a deployment.

import { cpSync } from "node:fs"
import { change, home, publicName, works } from "./kit.js"
import { answerTo, startDaemon } from "./machine.js"

/** The kit is unpacked, the daemon runs, `.env` is made, and the images are loaded. */
export async function prepareMachine(daemonOptions: string[] = []): Promise<void> {
  cpSync("/kit", home, { recursive: true, verbatimSymlinks: true })
  answerTo(publicName)
  await startDaemon(daemonOptions)
  works("deploy", "--ignore=disk", `--address=${publicName}`, "--build-only")
  // The stand-in knows no users.
  change("MONGODB_URI", "'mongodb://mongodb:27017/openim_v3?maxPoolSize=100'")
}
