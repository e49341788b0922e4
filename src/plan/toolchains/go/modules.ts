// How Go fetches modules that not everybody may read, and what a refusal means.

export interface ModuleRules {
  /** Patterns of module paths, as Go's own variables take them. */
  private?: string
  nosumdb?: string
  insecure?: string
}

/** Go's own variables for these rules. */
export function moduleVariables(rules: ModuleRules): Record<string, string> {
  const named = { GOPRIVATE: rules.private, GONOSUMDB: rules.nosumdb, GOINSECURE: rules.insecure }
  return Object.fromEntries(Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Values end in logs and layers, so a proxy's password has its own place; patterns are not addresses. */
export function checkModuleRules(goproxy: string | undefined, rules: ModuleRules): void {
  const secret = (goproxy ?? "").split(/[,|]/).some((one) => /^[^/]*\/\/[^/]*@/.test(one.trim()) || /^[^/\s:]+:[^/\s]+@/.test(one.trim()))
  if (secret) {
    throw new Error(
      "--goproxy: an address holds a user or a password: leave them out and give --netrc=file://$HOME/.netrc " +
        "with a line such as: machine goproxy.example.com login USER password PASSWORD",
    )
  }
  const given = { "--go-private": rules.private, "--go-nosumdb": rules.nosumdb, "--go-insecure": rules.insecure }
  for (const [option, value] of Object.entries(given)) {
    const odd = value?.split(",").find((one) => !/^[^\s:@]+$/.test(one.trim()))
    if (odd !== undefined)
      throw new Error(
        `${option} "${odd.replace(/\/\/[^/]*@/, "//***@")}": expected paths of modules, such as git.example.com/im or *.example.com`,
      )
  }
}

const next = ": another module proxy may have it (--mirrors=go=https://… or --goproxy=…); a private one needs --go-private and --netrc"

/** What to do about a module that cannot be fetched; undefined where a build has failed for another reason. */
export function refusedModule(output: string): string | undefined {
  // Go does not name the module where git has refused: wrong user, wrong password, no such repository.
  const silent = /^(\S+:\d+:\d+): no protocol found for repository/m.exec(output)
  if (silent !== null)
    return `the module that ${silent[1]} imports cannot be fetched: its git server lets nobody read it, or not this user${next}`
  const line = output
    .split("\n")
    .find(
      (one) =>
        /: (reading|Get "?|verifying module|git (ls-remote|fetch)|invalid version: git|unrecognized import path|module lookup disabled)/.test(
          one,
        ) && /@|import path|lookup/.test(one),
    )
  const module = line && /([A-Za-z0-9._~-]+\.[A-Za-z0-9._~/!-]+)@(v[A-Za-z0-9.+_-]+)/.exec(line)
  if (!line || !module) return undefined
  const why =
    /\b(40[0-9]|410|5\d\d) [A-Z][A-Za-z ]+|no such host|connection refused|i\/o timeout|terminal prompts disabled|Authentication failed|could not read Username|SECURITY ERROR|checksum mismatch|module lookup disabled/.exec(
      `${line}\n${output}`,
    )?.[0]
  return `the module ${module[1]} ${module[2]} cannot be fetched${why === undefined ? "" : ` (${why.trim()})`}${next}`
}
