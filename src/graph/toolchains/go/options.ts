// What a caller may say about Go.

import type { Secret, Service } from "@dagger.io/dagger"
import { checkModuleRules, type ModuleRules } from "../../../plan/toolchains/go/modules.js"

/** How Go gets at private modules. */
export interface ModuleAccess extends ModuleRules {
  /** Users and passwords by host, as curl and Go read them. */
  netrc?: Secret
  /** Answers under its host name: a server of this call's own. */
  service?: { host: string; service: Service }
}

export interface GoOptions {
  /** The caller's own value of GOPROXY, whatever mirrors there are. */
  proxy?: string
  /** Modules that not everybody may read. */
  access?: ModuleAccess
}

export function checkGoOptions({ proxy, access }: GoOptions): void {
  checkModuleRules(proxy, access ?? {})
}
