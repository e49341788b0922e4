// Where Go asks for modules.

import { goproxyLine } from "../../../mirrors/choice.js"
import type { Settings } from "../../call/settings.js"

/** The value of GOPROXY; Go's own default when there is none. */
export async function goproxyOf({ toolchainOptions, mirrors }: Settings): Promise<string | undefined> {
  return toolchainOptions.go.proxy ?? goproxyLine(await mirrors.of("go"))
}
