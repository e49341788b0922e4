// Which inputs make an artefact what it is. Versions, architecture and files count; times never do.
import { hashInputs } from "./files"
import { recipeDir } from "./paths"
import { DAGGER } from "./versions"

const PLATFORM = `${process.platform}/${process.arch}`

/** Raise a step's number when its code changes what it makes. */
const REVISIONS = { go: 1, binaries: 1, debs: 1, bases: 1, sdk: 1, files: 1 }
type StepName = keyof typeof REVISIONS

function key(step: StepName, inputs: string[], extra: unknown = ""): string {
  return hashInputs(recipeDir, inputs, [step, REVISIONS[step], DAGGER, PLATFORM, extra])
}

const GO_INPUTS = ["go.mod", "go.sum", "shims"]

export const keys = {
  binaries: (): string => key("binaries", GO_INPUTS),
  /** Whatever is not Go. */
  rootfs: (step: "debs" | "bases" | "sdk" | "files", extra?: unknown): string => key(step, ["rootfs", "typescript-sdk"], extra),
  /** The whole recipe: an engine that was started from another one is replaced. */
  engine: (): string => hashInputs(recipeDir, [...GO_INPUTS, "rootfs", "typescript-sdk"], [REVISIONS, DAGGER, PLATFORM]),
}
