// Whether programs start: each is run once with --help before it goes into an image.

import { toolchains } from "../toolchains/toolchains.js"

/** How a program's run with --help has ended. */
export interface ProgramStart {
  program: string
  /** The exit code; 124 or 137 where it still ran when its time was over. */
  code: number
  output: string
}

export function readStarts(output: string): ProgramStart[] {
  const lines = output.split("\n").filter((line) => line !== "")
  return lines.map((line) => {
    const [program = "", code, text] = line.split("\t")
    return { program, code: Number(code), output: Buffer.from(text ?? "", "base64").toString() }
  })
}

/** It answered, it still ran, or it has explained its options: some end with an error code after that. */
export function started({ code, output }: ProgramStart): boolean {
  if (code === 0 || code === 124 || code === 137) return true
  return (
    !isCrash(output) &&
    /\busage\b|help requested|(unknown|unrecognized|undefined|invalid) (flag|option|command|argument)|flag provided but not defined/i.test(
      output,
    )
  )
}

const crashes = Object.values(toolchains).map((toolchain) => toolchain.crash)

function isCrash(text: string): boolean {
  return crashes.some(({ begins }) => begins.test(text))
}

/** The lines that say why: what a crash begins with, else the last ones. */
export function lastWords({ output }: ProgramStart, count = 5): string[] {
  const lines = output
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== "")
  const at = lines.findIndex((line) => isCrash(line))
  if (at === -1) return lines.slice(-count)
  const trace = lines.findIndex((line, index) => index > at && crashes.some(({ trace }) => trace.test(line)))
  return lines.slice(at, trace === -1 ? at + count : Math.min(trace, at + count))
}

/** openim-api (exit code 2): panic: … */
export function startReport(start: ProgramStart, separator = "\n  "): string {
  const words = lastWords(start)
  return `${start.program} (exit code ${start.code}):${words.length === 0 ? " it printed nothing" : separator + words.join(separator)}`
}

/** The programs that start when they are built separately, but not as one program for all. */
export function hurtByMerging(merged: ProgramStart[], separate: ProgramStart[]): ProgramStart[] {
  return merged.filter((one) => !started(one) && separate.some((other) => other.program === one.program && other.code !== one.code))
}

/** The message of a build whose programs all end at once; undefined when at least one starts. */
export function noneStarts(starts: ProgramStart[]): string | undefined {
  if (starts.length === 0 || starts.some(started)) return undefined
  const list = starts
    .slice(0, 3)
    .map((start) => startReport(start))
    .join("\n")
  const more = starts.length > 3 ? `\n… and ${starts.length - 3} more` : ""
  const all = starts.length === 1 ? "the program ends" : "all programs end"
  return `${all} with an error when run with --help, so the image would not start:\n${list}${more}`
}
