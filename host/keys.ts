// Which inputs make an artefact what it is. Versions, architecture and files count; times never do.
import { hashInputs } from "./files"
import { recipeDir } from "./paths"
import { DAGGER } from "./versions"

const PLATFORM = `${process.platform}/${process.arch}`

/** Each artefact's input files in engine/, and a number to raise when the code that makes it changes what it makes. */
const ARTEFACTS = {
  binaries: { revision: 2, inputs: ["go.mod", "go.sum", "shims"] },
  debian: { revision: 6, inputs: ["rootfs"] },
  baseImages: { revision: 5, inputs: ["node"] },
  sdk: { revision: 3, inputs: ["go.mod", "go.sum", "shims", "node", "typescript-sdk", "../package.json", "../package-lock.json"] },
} as const

const ALL = Object.values(ARTEFACTS).flatMap((artefact) => artefact.inputs)

/** Raise when the engine's root is put together or started in another way. */
const ENGINE_REVISION = 2

/** One read of the files does for a whole call. */
const known = new Map<string, string>()

function memo(name: string, make: () => string): string {
  const key = known.get(name) ?? make()
  known.set(name, key)
  return key
}

function key(name: keyof typeof ARTEFACTS, extra = ""): string {
  const { revision, inputs } = ARTEFACTS[name]
  return memo(name, () => hashInputs(recipeDir, [...inputs], [name, revision, DAGGER, PLATFORM, extra]))
}

export const keys = {
  binaries: (): string => key("binaries"),
  debian: (): string => key("debian"),
  baseImages: (): string => key("baseImages"),
  sdk: (): string => key("sdk", key("baseImages")),
  /** The whole recipe: an engine that was started from another one is replaced. */
  engine: (): string => {
    const revisions = Object.values(ARTEFACTS).map((artefact) => artefact.revision)
    return memo("engine", () => hashInputs(recipeDir, [...new Set(ALL)], [revisions, ENGINE_REVISION, DAGGER, PLATFORM]))
  },
}
