// Which Python a source needs.

import { Problem } from "../../../base/problem.js"
import { compareVersions } from "../../../base/versionNumbers.js"
import { projectOf } from "./project.js"
import { satisfies } from "./specifiers.js"

/** What .python-version names, else the first version that satisfies requires-python; empty for any. */
export function pythonVersionOf([manifest = "", ...others]: string[]): string {
  const [named] = others.flatMap((text) => text.split("\n")).filter((line) => /^\s*[^\s#]/.test(line))
  if (named !== undefined) return namedVersion(named.trim())
  const { requiresPython } = projectOf(manifest)
  const least = [...(requiresPython ?? "").matchAll(/(?:>=|==|~=)\s*(\d+(?:\.\d+){0,2})/g)].map(([, text = ""]) => text)
  return least.reduce((most, one) => (compareVersions(one, most) > 0 ? one : most), "")
}

function namedVersion(text: string): string {
  const [, version] = /^(?:cpython[@-]|python-?)?(3(?:\.\d+){0,2})$/.exec(text) ?? []
  if (version !== undefined) return version
  throw new Problem(`.python-version asks for "${text}", which no image and no package has`, 'name a version of Python such as "3.11"')
}

/** Whether a Python can take the place of the wanted one: newer ones run what was written for older ones. */
export function servesFor(wanted: string, found: string): boolean {
  return wanted === "" || (found.startsWith("3.") && compareVersions(found, wanted) >= 0)
}

/** The source itself may rule out what is newer. */
export function checkAllowed(manifest: string, found: string): void {
  const { requiresPython } = projectOf(manifest)
  if (requiresPython === undefined || satisfies(found, requiresPython)) return
  throw new Problem(
    `pyproject.toml asks for Python ${requiresPython}, and the only one here is ${found}`,
    "use an engine that reaches a registry with Python's image (--bases=registry), or change requires-python",
  )
}
