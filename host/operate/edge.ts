// Commands to the edge at run time, over a port that only its own container reaches. They change no file and end no connection.

import { lastWords } from "../../src/base/lastWords"
import { Problem } from "../../src/base/problem"
import { attempt } from "../run"
import { runningContainer, type Site } from "./engine"

export const RESTART = (edge: string): string => `openimctl restart ${edge} makes it read its files again; that ends its connections`

/** One line of HAProxy's commands, with what belongs to it: it answers, and closes the connection. */
export async function edgeCommand(site: Site, container: string, text: string): Promise<string> {
  const { control, service } = site.folder.deployment.edge
  const words = ["exec", "-i", container, "bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${control}; cat >&3; cat <&3`]
  const done = await attempt([site.engine.name, ...words], { input: text, limitSeconds: 60 })
  if (done.code !== 0) throw new Problem(`the edge cannot be asked at its port ${control}: ${lastWords(done.tail, 2)}`, RESTART(service))
  return done.stdout
}

/** What the edge says to commands, all in one connection. */
export async function askEdge(site: Site, commands: string[]): Promise<string> {
  const { service: name } = site.folder.deployment.edge
  const container = await runningContainer(site, name)
  if (!container) throw new Problem(`${name} does not run`, `openimctl start ${name}`)
  return edgeCommand(site, container.id, `${commands.join(";")}\n`)
}
