// What a caller may say about toolchains, each by its name.

import { checkGoOptions, type GoOptions } from "./go/options.js"

export interface ToolchainOptions {
  go: GoOptions
}

export function checkToolchainOptions({ go }: ToolchainOptions): void {
  checkGoOptions(go)
}
