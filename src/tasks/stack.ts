// A running stack for a caller.

import type { Service } from "@dagger.io/dagger"
import { buildOptions, type CallOptions, pinnedSettings, stackSettings } from "../graph/call/options.js"
import { stackFront } from "../graph/stack/stack.js"
import { stackServices } from "../plan/bundle/items.js"
import { runnableGroups } from "../plan/stack/services.js"

export async function stackService(options: CallOptions): Promise<Service> {
  const { catalogue } = await stackSettings(options)
  const components = runnableGroups(catalogue).map(({ name }) => name)
  const needs = { components, services: stackServices(catalogue, components) }
  return stackFront(await pinnedSettings(options, needs), buildOptions(options))
}
