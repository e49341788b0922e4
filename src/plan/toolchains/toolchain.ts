// What a toolchain decides without asking anybody. Its implementations are in folders beside this file; toolchains.ts finds them.

import type { BuiltEntry, Catalogue, ContentEntry, ToolPin } from "../../catalogue/types.js"
import type { BundleItem } from "../bundle/types.js"
import type { DockerfileOptions, DockerfileStages } from "../dockerfile/stages.js"
import type { ProvenanceResource, ProvenanceSource } from "../supplychain/resources.js"
import type { TestCase } from "../tests/suites.js"

export interface ToolchainPlan {
  /** As stack.yaml and the labels of images have it. */
  name: string
  /** As people have it. */
  title: string
  /** The file at the top of every source. */
  manifest: string
  /** The files of a source that say what it takes from outside. */
  lockFiles: string[]
  /** The files, as a pattern of names, of which a program's folder has at least one. */
  programFiles: string
  /** What it calls the libraries that a source takes from outside. */
  dependencies: string
  /** The option that names another place for these. */
  dependenciesOption: string
  /** The values of --builder: its own way first, then what some sources build with: tools of versions.yaml, or packages. */
  builders: [own: string, ...others: string[]]
  /** Whether it can put several programs of a source into one file. */
  merges: boolean
  /** The name of its image among those of versions.yaml. */
  image: string
  /** What a source calls itself in its manifest: `module` in stack.yaml. */
  moduleOf(manifest: string): string | undefined
  /** The version that a source needs, from its manifest and from the other files that say something about it. */
  versionOf(texts: string[]): string
  /** What it takes from outside for itself, before any source is built; `debian` is the image that has it then. */
  bundleItems(debian: string, catalogue: Catalogue): BundleItem[]
  /** Absent where it makes no programs. How a Dockerfile makes a component's programs: the source's files in the stage source, programs and what starts them in /out of the stage build. */
  dockerfileStages?(catalogue: Catalogue, component: BuiltEntry, options: DockerfileOptions, project: ProjectStages): DockerfileStages
  /** The same for files that a source makes below a folder: they are in /out of the stage build. */
  contentStages?(catalogue: Catalogue, content: ContentEntry, options: DockerfileOptions): DockerfileStages
  /** Where its containers have the program that runs such files, and that an image may get from there (`runtime` in stack.yaml). */
  runtime?: string
  /** Whether it can leave out of `content` the packages that these files need when they run (`packages` in stack.yaml). */
  separatesPackages?: true
  /** What an image was made with, and its source as the toolchain's registry has it. */
  provenance(version: string, source?: ProvenanceSource): ProvenanceResource[]
  /** Shell: prints `program FILE` for each file of the folders "$@" that makes its folder a program. */
  programSearch: string
  /** What no image may have: programs, and patterns of files, by their names. */
  leftovers: { programs: string[]; files: string[] }
  /** How a crash begins in the output of a program, and the trace behind it. */
  crash: { begins: RegExp; trace: RegExp }
  /** How lines begin that only say what is being fetched. */
  progress: RegExp
  /** How the lines begin that say what is wrong, with the words that repeat the question. */
  complaint: RegExp
  /** What to do about something from outside that cannot be fetched; undefined where a build has failed for another reason. */
  refusal(output: string): string | undefined
}

/** What a Dockerfile needs of this project's own programs: they are in /out of the stage with this name. */
export interface ProjectStages {
  name: string
  helper(helper: string): DockerfileStages
}

/** The toolchain of this project's own programs, and of the tools of versions.yaml. */
export interface HelperPlan extends ToolchainPlan {
  /** Whether a file of this name is for tests alone. */
  isTest(file: string): boolean
  /** The cases in what tests of this project's own programs print. */
  testCases(output: string): TestCase[]
  /** As dockerfileStages for one of this project's own programs, in /out of the stage that is called as the toolchain. */
  helperStages(catalogue: Catalogue, helper: string, options: DockerfileOptions): DockerfileStages
  /** The same for tools of versions.yaml. */
  toolStages(catalogue: Catalogue, tools: string[], options: DockerfileOptions): DockerfileStages
  /** The folder of one of this project's own programs. */
  helperFolder(helper: string): string
  /** A tool of versions.yaml as its registry has it. */
  toolResource(pin: ToolPin): ProvenanceResource
}
