// What a Markdown text has: commands, links, headings.

/** Its links and the addresses of its images, code apart. */
export function linksOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "")
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target!)
}

/** The anchors that GitHub makes of its headings: lower case, without punctuation, numbered where a heading comes again. */
export function anchorsOf(text: string): string[] {
  const seen = new Map<string, number>()
  const headings = text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6}\s+(.*?)\s*$/gm)
  return [...headings].map(([, heading]) => {
    const plain = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase()
    const name = plain.replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replace(/ /g, "-")
    const count = seen.get(name) ?? 0
    seen.set(name, count + 1)
    return count === 0 ? name : `${name}-${count}`
  })
}

/** Paths of this repository in a line of text: `src/index.ts`, not `stacks/STACK/…`. */
export function pathsOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "")
  const quoted = [
    ...prose.matchAll(/`((?:\.ci|\.github|bench|compose|docs|dockerfiles|engine|go|host|java|shell|src|stacks|tests)\/[\w./-]*)`/g),
  ]
  return quoted.map(([, path]) => path!).filter((path) => !/\/[A-Z]+\//.test(path))
}

/** The blocks of code, each with its language. */
export function blocksOf(text: string): { language: string; code: string }[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language, code]) => ({ language: language!, code: code! }))
}

/** Those of its blocks of shell commands, one each: comments gone, lines joined, lists and loops taken apart. */
export function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!)
  return blocks.flatMap((block) =>
    block
      .replace(/\\\n\s*/g, "")
      .split("\n")
      .map((line) => line.replace(/(^|\s)#.*$/, ""))
      .flatMap((line) => line.split(/\s*(?:&&|\|\||;|\|)\s+|;\s*$/))
      .map((line) => line.trim().replace(/^do /, ""))
      .filter((line) => line !== "" && !/^(for .* in .*|done)$/.test(line)),
  )
}

/** Those in a line of text: `./daggerw …`, and `publish --registry=…` where a function is meant. */
export function inlineCommands(text: string, functions: string[]): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "")
  const quoted = [...prose.matchAll(/`([^`\n]+(?:\n[^`\n]+)?)`/g)].map(([, one]) => one!.replace(/\n/g, " "))
  return quoted.flatMap((one) => {
    if (/^(\.\/daggerw|npm|docker build) \S/.test(one)) return one.split(/\s*&&\s+/).filter((part) => !/[A-Z]{6,}$/.test(part))
    const [name, ...rest] = one.split(" ")
    // Options of a function in a sentence, not the whole command: what must be given is given.
    return rest.length > 0 && functions.includes(name!) && rest[0]!.startsWith("--") ? [`./daggerw call ${one}`] : []
  })
}

/** A command's words, as a shell would see them, for the plain quotes that a README has. */
export function words(command: string): string[] {
  return [...command.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"))
}
