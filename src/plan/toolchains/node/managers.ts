// Package managers of Node, each known by its lock file.

import { Problem } from "../../../base/problem.js"
import { type PackageManifest, parsed } from "./version.js"

export interface Manager {
  name: "npm" | "pnpm" | "yarn"
  /** Of those that Node does not bring along. */
  version?: string
  lockFile: string
  /** Installs exactly what the lock file says, or fails. */
  install: string[]
  /** The option of that for what is needed when the source runs, and nothing else. */
  production: string[]
}

const managers: Record<Manager["name"], Omit<Manager, "version">> = {
  npm: {
    name: "npm",
    lockFile: "package-lock.json",
    install: ["npm", "ci", "--no-audit", "--no-fund"],
    production: ["--omit=dev"],
  },
  pnpm: {
    name: "pnpm",
    lockFile: "pnpm-lock.yaml",
    install: ["pnpm", "install", "--frozen-lockfile"],
    // As folders, each once: links into a store of pnpm's would not be part of an image.
    production: ["--prod", "--config.node-linker=hoisted"],
  },
  yarn: {
    name: "yarn",
    lockFile: "yarn.lock",
    install: ["yarn", "install", "--frozen-lockfile", "--non-interactive"],
    production: ["--production"],
  },
}

/** Removes what managers keep beside packages for themselves, and what says when they were installed. */
export const tidyScript =
  "mkdir -p node_modules && find node_modules \\( -name .bin -o -name package-lock.json \\) -prune -exec rm -rf {} + && " +
  "rm -rf node_modules/.cache node_modules/.package-lock.json node_modules/.yarn-integrity node_modules/.modules.yaml node_modules/.pnpm*"

export const lockFiles = Object.values(managers).map(({ lockFile }) => lockFile)

/** The manager of a source with these files at its top. */
export function managerOf(manifest: string, files: string[]): Manager {
  const found = Object.values(managers).filter(({ lockFile }) => files.includes(lockFile))
  const { packageManager = "" } = parsed(manifest)
  const [named, version] = packageManager.split(/[@+]/)
  if (named && !Object.hasOwn(managers, named))
    throw new Problem(`package.json names the package manager ${named}, which is not known here`, "use npm, pnpm or yarn")
  const [first, second] = named ? found.filter(({ name }) => name === named) : found
  if (first === undefined) {
    const wanted = named ? managers[named as Manager["name"]].lockFile : lockFiles.join(", ")
    throw new Problem(
      `the source has no lock file (${wanted}), so it does not say which packages it is made of`,
      `run ${named || "npm"} install in it and commit the file`,
    )
  }
  if (second !== undefined)
    throw new Problem(
      `the source has ${first.lockFile} and ${second.lockFile}`,
      "delete one of them, or name the manager as packageManager in package.json",
    )
  if (first.name === "npm") return first
  if (version === undefined)
    throw new Problem(
      `package.json does not say which version of ${first.name} it needs`,
      `add "packageManager": "${first.name}@VERSION" to it`,
    )
  if (first.name === "yarn" && !version.startsWith("1."))
    throw new Problem(`package.json asks for yarn ${version}`, "use yarn 1, npm or pnpm: newer yarns keep themselves in the source")
  return { ...first, version }
}

/** The script that makes the files. */
export function checkScript({ scripts = {} }: PackageManifest, script: string): void {
  if (scripts[script] !== undefined) return
  throw new Problem(`package.json has no script ${script}`, `add it; it has: ${Object.keys(scripts).join(", ") || "none"}`)
}

/** What to do about a failure whose reason lies before the source's own build. */
export function nodeRefusal(output: string): string | undefined {
  if (
    /can only install packages when your package\.json and .*are in sync|ERR_PNPM_OUTDATED_LOCKFILE|lockfile needs to be updated/.test(
      output,
    )
  )
    return "the lock file does not fit package.json: run npm install (pnpm or yarn install) in the source and commit the lock file"
  const missing = /npm error 404 +'?([^\s']+)'?.* is not in this registry|ERR_PNPM_FETCH_404.*\/([^/\s:]+): /.exec(output)
  if (missing !== null)
    return `the package ${missing[1] ?? missing[2]} is not in the registry: correct its version, or name another registry (--mirrors=npm=https://…)`
  if (/EINTEGRITY|ERR_PNPM_TARBALL_INTEGRITY/.test(output))
    return "a package has another checksum than the lock file says: nothing was installed"
  if (/npm error (code )?(ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENOTCACHED)|ERR_PNPM_NO_OFFLINE/.test(output))
    return "packages cannot be fetched: check the network, or name a mirror (--mirrors=npm=https://…)"
  return undefined
}
