// Why a patch does not apply, and what to do.

import { Problem } from "../../base/problem.js"
/** What can be seen in the patch itself; its text, and what git says. */
export function patchProblem(name: string, origin: string, patch: string, reason: string): Problem {
  const what = `--overlay: ${name} does not apply to ${origin}`
  const says = reason.trim().replace(/\s*\n\s*/g, " / ")
  const git = says && ` (git: ${says})`
  if (/\r\n/.test(patch))
    return new Problem(
      `${what}: its lines end with CR LF, those of the source with LF${git}`,
      `sed -i 's/\\r$//' ${name.split("/").at(-1)}`,
    )
  const paths = [...patch.matchAll(/^(?:---|\+\+\+) ([^\t\n]+)/gm)].map(([, path]) => path!).filter((path) => path !== "/dev/null")
  if (paths.length === 0) return new Problem(`${what}: it is not a diff, which names its files after --- and +++`, "make it by git diff")
  const bare = paths.find((path) => !/^[a-z]\//.test(path) && !path.startsWith('"'))
  if (bare !== undefined)
    return new Problem(
      `${what}: its paths (${bare}) lack the a/ and b/ that git writes in front${git}`,
      "make it by git diff --src-prefix=a/ --dst-prefix=b/",
    )
  return new Problem(`${what}: ${says || "git refuses it"}`, "make it again from this version of the source")
}
