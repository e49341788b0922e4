// report: what runs, what happened and how it went, as text or as one page.
import { statfsSync } from "node:fs"
import { hostname } from "node:os"
import { resolve } from "node:path"
import { jsonText } from "../../src/base/format"
import { Problem } from "../../src/base/problem"
import {
  alertsOf,
  fromFirstValue,
  hoursWithValues,
  linesOf,
  type Report,
  reportHtml,
  reportText,
  stepOf,
} from "../../src/plan/deploy/report"
import { writeFileAtomic } from "../files"
import { attempt } from "../run"
import { backupState } from "./backup"
import { type Engine, runningContainer, siteOf } from "./engine"
import { type Folder, projectName, settingsOf } from "./folder"
import { history } from "./history"
import { EXIT, masked, result, say } from "./print"
import { statusOf } from "./status"

export interface ReportOptions {
  html: string | undefined
  hours: number
  json: boolean
}

export async function report(folder: Folder, engine: Engine, { html, hours, json }: ReportOptions): Promise<number> {
  const found = await gathered(folder, engine, hours)
  if (html !== undefined) {
    const file = resolve(html)
    try {
      writeFileAtomic(file, masked(reportHtml(found)), 0o644)
    } catch (error) {
      throw new Problem(`${file} cannot be written: ${(error as Error).message}`, "name another file: --html=FILE")
    }
    for (const text of found.missing) say(text)
    say(`the report is ${file}`)
  } else result(masked(json ? jsonText(found) : reportText(found)))
  return EXIT.fine
}

async function gathered(folder: Folder, engine: Engine, hours: number): Promise<Report> {
  const { deployment } = folder
  const settings = settingsOf(folder)
  const backup = backupState(folder, settings)
  const { bavail, blocks, bsize } = statfsSync(folder.path)
  const base = {
    title: deployment.title,
    project: projectName(folder, settings),
    release: deployment.release,
    host: hostname(),
    time: Date.now(),
    hours,
    services: await statusOf(folder, engine, []),
    disk: { free: bavail * bsize, size: blocks * bsize },
    ...(backup ? { backup } : {}),
    changes: history(folder).slice(-20).reverse(),
  }
  const missing = (why: string): Report => ({ ...base, charts: [], alerts: [], missing: [why] })
  const { monitoring } = deployment
  if (monitoring === undefined) return missing("charts and alerts are missing: this kit has no profile monitoring")
  const container = await runningContainer(siteOf(folder, engine, settings), monitoring.service)
  if (container === undefined)
    return missing(`charts and alerts are missing: ${monitoring.service} does not run. openimctl deploy --profiles=…,${monitoring.service}`)
  const faults: string[] = []
  const ask = async (what: string, ...words: string[]): Promise<string> => {
    const done = await attempt([engine.name, "exec", container.id, "start-monitoring", ...words], { limitSeconds: 30 })
    if (done.code === 0) return done.stdout
    faults.push(`${what} is not available: ${done.tail.trim().split("\n").at(-1)}`)
    return "[]"
  }
  const to = Math.floor(base.time / 1000)
  const itself = await ask("the time of the first value", "ask", 'up{job="prometheus"}', String(hours), String(stepOf(hours)))
  const width = hoursWithValues(linesOf(itself), to, hours)
  const step = stepOf(width)
  const charts = await Promise.all(
    monitoring.charts.map(async ({ title, unit, query }) => {
      const lines = linesOf(await ask(title, "ask", query, String(width), String(step)))
      return { title, unit, lines, from: to - width * 3600, to, step }
    }),
  )
  const alerts = alertsOf(
    await ask("the list of alerts", "amtool", "alert", "query", "-o", "json", "--alertmanager.url=http://127.0.0.1:9093"),
  )
  return { ...base, charts: fromFirstValue(charts), alerts, missing: faults }
}
