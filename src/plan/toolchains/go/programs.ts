// How Go compiles programs.

import type { ProgramEntry, ToolPin } from "../../../catalogue/types.js"

/** Flags that leave paths, version control and debug data out: the same source gives the same bytes. */
export const buildFlags = ["-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]

/** The same for a tool, with the variables that its pin sets. */
export function toolFlags({ set, release = "" }: ToolPin): string[] {
  const values = Object.entries(set ?? {}).map(([name, value]) => ` -X ${name}=${value.replaceAll("{release}", release)}`)
  return [...buildFlags.slice(0, -1), [buildFlags.at(-1), ...values].join("")]
}

/** The flags as words of a shell command. */
export const flagWords = (flags: string[]) => flags.map((flag) => `'${flag}'`).join(" ")
export const buildFlagWords = flagWords(buildFlags)

/** The one binary that holds all programs of a source is called by the stack, unless one of them has that name. */
export function multicallBinary(stack: string, all: ProgramEntry[]): string {
  return all.some((entry) => entry.program === stack) ? `${stack}-programs` : stack
}

/** The folder of one of this project's own programs. */
export function helperFolder(name: string): string {
  return `go/${name}`
}

/** The programs as go/multicall and go/inputs take them. */
export function programArguments(all: ProgramEntry[]): string[] {
  return all.map((entry) => `${entry.program}=${entry.package}`)
}

/**
 * Go refuses to overlay its own library where it lies in the module cache, as a toolchain that came as a module does: then it is
 * called by another path.
 */
export const outsideModuleCache = `ln -sfn "$(go env GOROOT)" /tmp/goroot && export GOTOOLCHAIN=local GOROOT=/tmp/goroot PATH="/tmp/goroot/bin:$PATH"`

/** Builds the source in a folder, where the command runs, into one binary below /out; `programs` are words of the shell. */
export function multicallCommand(binary: string, programs: string, folder = "/src"): string {
  return (
    `${outsideModuleCache} && added=$(multicall -source ${folder} -out /overlay ${programs}) && ` +
    `go build ${buildFlagWords} -overlay /overlay/overlay.json -o /out/${binary} "./$added"`
  )
}
