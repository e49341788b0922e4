// What a toolchain decides without asking anybody. Its implementations are in folders beside this file; toolchains.ts finds them.

export interface ToolchainPlan {
  /** As stack.yaml and the labels of images have it. */
  name: string
  /** As people have it. */
  title: string
  /** The file at the top of every source. */
  manifest: string
  /** What a source calls itself in its manifest: `module` in stack.yaml. */
  moduleOf(manifest: string): string | undefined
  /** The version that a source needs, from its manifest and from the other files that say something about it. */
  versionOf(texts: string[]): string
}
