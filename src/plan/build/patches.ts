// Why a patch does not apply, and what to do.

/** What can be seen in the patch itself; its text, and what git says. */
export function patchProblem(name: string, origin: string, patch: string, reason: string): string {
  const what = `--overlay: ${name} does not apply to ${origin}`
  const says = reason.trim().replace(/\s*\n\s*/g, " / ")
  if (/\r\n/.test(patch))
    return `${what}: its lines end with CR LF, those of the source with LF: sed -i 's/\\r$//' ${name.split("/").at(-1)}${says && ` (git: ${says})`}`
  const paths = [...patch.matchAll(/^(?:---|\+\+\+) ([^\t\n]+)/gm)].map(([, path]) => path!).filter((path) => path !== "/dev/null")
  if (paths.length === 0) return `${what}: it is not a diff, which names its files after --- and +++: make it by git diff`
  const bare = paths.find((path) => !/^[a-z]\//.test(path) && !path.startsWith('"'))
  if (bare !== undefined)
    return `${what}: its paths (${bare}) lack the a/ and b/ that git writes in front: make it by git diff --src-prefix=a/ --dst-prefix=b/${says && ` (git: ${says})`}`
  return `${what}: ${says || "git refuses it"}. Make it again from this version of the source`
}
