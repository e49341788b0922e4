// How pip installs wheels: by the lock file alone, each compared with its checksums, and none that must be compiled.

import { Problem } from "../../../base/problem.js"
import { lockCommand, lockFile } from "./requirements.js"

/** Where wheels are unpacked while a source is built, and beside its modules in an image. */
export const packagesFolder = "site-packages"

/** Where wheels are in a bundle, and where a build finds them. */
export const wheelsFolder = "/bundle/pypi"

export const pipVariables: Record<string, string> = {
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_NO_INPUT: "1",
  PIP_ROOT_USER_ACTION: "ignore",
  PIP_CONFIG_FILE: "/dev/null",
  PIP_RETRIES: "3",
  // Where the engine puts a company's own certificates.
  PIP_CERT: "/etc/ssl/certs/ca-certificates.crt",
  PYTHONDONTWRITEBYTECODE: "1",
}

const byLockFile = ["--require-hashes", "--only-binary", ":all:", "--requirement", lockFile]

export const pipInstall = ["python3", "-m", "pip", "install", "--no-compile", "--target", `/${packagesFolder}`, ...byLockFile]

export const pipDownload = ["python3", "-m", "pip", "download", ...byLockFile]

/** Programs that wheels bring along name the Python of this container in their first line. */
export const tidyScript = `rm -rf /${packagesFolder}/bin && mkdir -p /${packagesFolder} && find /${packagesFolder} -name __pycache__ -prune -exec rm -rf {} +`

/** Every module must be one that this Python can read. */
export const compileCheck = ["env", "-u", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX=/tmp/pyc", "python3", "-m", "compileall", "-q"]

/** What to do about a failure whose reason lies before the source's own modules; undefined where they are at fault. */
export function pipRefusal(output: string): string | undefined {
  if (/THESE PACKAGES DO NOT MATCH THE HASHES/.test(output)) {
    const [, name] = /^\s+(\S+==\S+|\S+) from .*:\n\s+Expected sha/m.exec(output) ?? []
    return `${name ?? "a package"} has another checksum than ${lockFile} says: nothing was installed. Take a registry that has the real one, or write the lock file again with ${lockCommand}`
  }
  const unpinned = /must have their versions pinned with ==\. These do not:\s*\n\s*(\S+) from/.exec(output)
  if (unpinned !== null) return `${lockFile} does not have ${unpinned[1]}, which another package needs: run ${lockCommand}`
  if (/Hashes are required in --require-hashes mode/.test(output)) return `${lockFile} has a package without a hash: run ${lockCommand}`
  const missing = /No matching distribution found for ([^\s=]+)==(\S+)/.exec(output)
  if (missing === null) return undefined
  const [, name, version] = missing
  if (/Retrying \(Retry|NewConnectionError|NameResolutionError|Failed to establish a new connection/.test(output))
    return `${name} cannot be fetched: check the network, or name a mirror (--mirrors=pypi=https://…)`
  const others = /\(from versions: ([^)]*)\)/.exec(output)?.[1] ?? "none"
  if (others === "none")
    return `${name} ${version} has no wheel for this Python, or the registry does not have it. Nothing is compiled here: choose a version or a package with wheels, or name another registry (--mirrors=pypi=https://…)`
  return `${name} ${version} is not in the registry as a wheel for this Python, which has ${others.split(", ").slice(-3).join(", ")}: correct the version and run ${lockCommand}`
}

/** Prints how a Python calls modules of compiled code, such as .cpython-313-x86_64-linux-gnu.so. */
export const suffixQuestion = "import importlib.machinery as m; print(m.EXTENSION_SUFFIXES[0])"

/** `compiled`: the modules of compiled code that were installed by one Python; another one is to use them. */
export function checkSuffix([first, ...others]: string[], installed: string, used: string): void {
  if (first === undefined || installed === used) return
  const more = others.length === 0 ? "" : ` and ${others.length} more`
  throw new Problem(
    `${first}${more} are compiled for another Python (${installed}) than the one of the base (${used})`,
    "choose a --base whose Python is the one of images.python in versions.yaml, or change that, or use packages without compiled code",
  )
}
