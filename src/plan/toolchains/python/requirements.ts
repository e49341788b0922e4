// The lock file of a Python source: requirements.txt, which names each wheel with its version and checksums.

import { Problem } from "../../../base/problem.js"
import { plainName, projectOf } from "./project.js"
import { satisfies } from "./specifiers.js"

export const lockFile = "requirements.txt"

/** Writes the lock file from pyproject.toml. */
export const lockCommand = `uv pip compile --universal --generate-hashes pyproject.toml -o ${lockFile}`

/** Lock files of other tools, and how they are written as this one. */
const otherLocks: Record<string, { tool: string; command: string }> = {
  "uv.lock": { tool: "uv", command: `uv export --frozen --no-dev --no-emit-project -o ${lockFile}` },
  "poetry.lock": { tool: "poetry", command: `poetry export -o ${lockFile} (with poetry-plugin-export)` },
  "Pipfile.lock": { tool: "pipenv", command: `pipenv requirements --hash > ${lockFile}` },
  "pdm.lock": { tool: "pdm", command: `pdm export --prod -o ${lockFile}` },
  "pylock.toml": { tool: "pylock.toml", command: lockCommand },
}

export const lockFiles = [lockFile, ...Object.keys(otherLocks)]

export interface Requirement {
  /** As PyPI compares names. */
  name: string
  version: string
  /** For some machines or versions of Python only. */
  marker?: string
}

/** Before anything is fetched: the lock file names wheels by checksums, and it fits what pyproject.toml asks for. */
export function checkLock(manifest: string, lock: string): void {
  const locked = requirementsOf(lock)
  for (const dependency of projectOf(manifest).dependencies) checkDependency(dependency, locked)
}

/** A source that has no lock file, or another tool's, is refused with the command that writes one. */
export function checkFiles(files: string[]): void {
  if (files.includes(lockFile)) return
  const [other] = Object.entries(otherLocks).filter(([name]) => files.includes(name))
  if (other === undefined)
    throw new Problem(
      `the source has no lock file (${lockFile}), so it does not say which packages it is made of`,
      `run ${lockCommand} in it and commit the file`,
    )
  const [name, { tool, command }] = other
  throw new Problem(
    `the source has ${name}, but packages are installed by pip here, which needs ${lockFile} with hashes`,
    tool === name ? `run ${command} in it and commit the file` : `keep ${tool} and run ${command} in the source, then commit the file`,
  )
}

/** Every line of a lock file, once it is clear that pip will take exactly what it says. */
export function requirementsOf(lock: string): Requirement[] {
  const lines = lock
    .replace(/\\\r?\n/g, " ")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
  return lines
    .filter((line) => line !== "" && !/^--?(index-url|extra-index-url|i|no-binary|only-binary|prefer-binary)\b/.test(line))
    .map(requirement)
}

function requirement(line: string): Requirement {
  const [, name, version, marker] =
    /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;]+)\s*(?:;\s*(.*?))?\s*(?:--hash=|$)/.exec(line) ?? []
  const short = line.split(/\s/)[0] ?? line
  if (name === undefined || version === undefined)
    throw new Problem(
      /^-e\b|^\.|@ /.test(line)
        ? `${lockFile} names "${line.slice(0, 60)}", which is not a package of a registry`
        : `${lockFile} does not name an exact version of ${short}`,
      `write it with ${lockCommand}`,
    )
  if (!/--hash=sha(256|384|512):/.test(line))
    throw new Problem(`${lockFile} has no hash of ${name}, so nothing proves what is installed`, `write it with ${lockCommand}`)
  return { name: plainName(name), version, ...(marker ? { marker } : {}) }
}

function checkDependency(dependency: string, locked: Requirement[]): void {
  const [, name = "", specifiers = "", marker] =
    /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?$/.exec(dependency) ?? []
  const found = locked.filter((one) => one.name === plainName(name))
  const next = `run ${lockCommand} in the source and commit the file`
  // A lock file for one machine leaves out what others need.
  if (found.length === 0 && marker !== undefined) return
  if (found.length === 0) throw new Problem(`${lockFile} does not have ${name}, which pyproject.toml asks for`, next)
  if (specifiers.trim() === "" || found.some(({ version }) => satisfies(version, specifiers))) return
  throw new Problem(`${lockFile} has ${name} ${found[0]?.version}, but pyproject.toml asks for ${dependency.trim()}`, next)
}
