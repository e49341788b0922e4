// Which tests an image must pass before it is pushed, and where it stands in the stack that they run on.

import { unknownName } from "../../base/nearest.js"
import type { Catalogue, ServiceEntry } from "../../catalogue/types.js"
import { componentOf } from "../build/components.js"
import { componentService, runnableGroups, type ServicePlan, serviceOf, startOrder } from "../stack/services.js"

/**
 * integration: what runs in the stack must pass the integration suite there, anything else its smoke test. smoke: only that. all:
 * every suite on a stack. none: nothing.
 */
export type Gate = "integration" | "smoke" | "all" | "none"

const gates: Gate[] = ["integration", "smoke", "all", "none"]

/** The suites on a stack that each gate runs, in their order; each includes the smoke test of the image. */
const gateSuites: Record<Gate, string[]> = {
  integration: ["integration"],
  smoke: [],
  all: ["integration", "health", "performance", "faults"],
  none: [],
}

/** Tools of versions.yaml that a suite on a stack uses. */
export const suiteTools: Record<string, string[]> = { performance: ["k6"] }

export function readGate(text: string): Gate {
  const gate = gates.find((known) => known === text)
  if (gate === undefined) throw unknownName("value of --gate", text, gates)
  return gate
}

/** The host name under which a component's image is part of the stack; undefined for what does not run there. */
export function placeInStack(catalogue: Catalogue, component: string): string | undefined {
  const entry = componentOf(catalogue, component)
  if (entry.kind === "group") return runnableGroups(catalogue).includes(entry) ? component : undefined
  if (entry.kind !== "installed") return undefined
  const places = Object.values(catalogue.services).filter(({ origin }) => componentAt(origin) === component)
  return places.find(({ name }) => runnableGroups(catalogue).some(({ needs }) => needs.includes(name)))?.name
}

function componentAt(origin: ServiceEntry["origin"]): string | undefined {
  return "component" in origin ? origin.component : origin.published?.component
}

/** The service as it is in a stack that tests these images: the image that is to be published takes its place. */
export function serviceWith(catalogue: Catalogue, name: string, images: string[]): ServicePlan {
  const entry = serviceOf(catalogue, name)
  const published = "component" in entry.origin ? undefined : entry.origin.published
  if (published === undefined || !images.includes(published.component)) return entry
  const { component, env } = published
  // Everything else that the entry for tests says is about the other image.
  const own = { ...componentService(catalogue, component, published), purpose: entry.purpose, ports: entry.ports }
  return { ...entry, ...own, env, files: {}, origin: { component } } as ServicePlan
}

export interface GatePlan {
  /** Whether the image alone is tested. */
  smoke: boolean
  /** The suites that run on a stack which has the image in it. */
  suites: string[]
}

export function gatePlan(catalogue: Catalogue, gate: Gate, component: string): GatePlan {
  const inStack = placeInStack(catalogue, component) !== undefined
  return { smoke: gate !== "none", suites: inStack ? gateSuites[gate] : [] }
}

/** The groups of programs that are started to test these components: themselves, or all that need a service that they are. */
export function stackOf(catalogue: Catalogue, components: string[]): string[] {
  const places = components.map((name) => placeInStack(catalogue, name))
  return runnableGroups(catalogue)
    .filter(
      ({ name, needs }) => places.includes(name) || needs.some((need) => catalogue.services[need] !== undefined && places.includes(need)),
    )
    .map(({ name }) => name)
}

/** What a gate needs beside the components themselves: for the check of an offline bundle. */
export function gateNeeds(
  catalogue: Catalogue,
  gate: Gate,
  components: string[],
): { components: string[]; services: string[]; tools: string[] } {
  const plans = components.map((name) => ({ name, suites: gatePlan(catalogue, gate, name).suites }))
  const tested = plans.filter(({ suites }) => suites.length > 0).map(({ name }) => name)
  if (tested.length === 0) return { components: [], services: [], tools: [] }
  const { services, groups } = startOrder(catalogue, stackOf(catalogue, tested))
  const tools = plans.flatMap((plan) => plan.suites).flatMap((suite) => suiteTools[suite] ?? [])
  return { components: groups.map(({ name }) => name), services, tools: [...new Set(tools)] }
}

/** What was tested, in the words of reports. */
export function testedWords({ smoke, suites }: GatePlan): string {
  return smoke ? ["smoke", ...suites].join(", ") : "nothing"
}
