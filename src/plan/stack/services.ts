// Services under a supervisor: what runs in each container, and in which order containers start.

import { entryOf } from "../../base/entries.js"
import { shellWords } from "../../base/shellWords.js"
import type { Catalogue, FrontEntry, GroupEntry, InstalledEntry, ServiceEntry } from "../../catalogue/types.js"
import { binFolder, supervisorFolder } from "../build/image.js"

/** Where the supervisor's own API answers over the network, so that tests can stop, kill and ask programs. */
export const controlPort = 4000
export const controlFolder = "/control"

/** The base of the images that run as services, whatever that of the images under test. */
export const serviceBase = "debian"

/** A service with what it takes from its component. */
export type ServicePlan = ServiceEntry & { purpose: string; command: string[] }

export function serviceOf(catalogue: Catalogue, name: string): ServicePlan {
  const entry = entryOf("service", catalogue.services, name)
  if (!("component" in entry.origin)) return entry as ServicePlan
  return { ...entry, ...componentService(catalogue, entry.origin.component, entry) } as ServicePlan
}

/** The host names of a service or a group in the stack. */
export function hostsOf({ services }: Catalogue, name: string): string[] {
  const second = services[name]?.host
  return second === undefined ? [name] : [name, second]
}

/** How an image of a component runs as a service, where nothing else is said. */
export function componentService(
  catalogue: Catalogue,
  name: string,
  said: Pick<Partial<ServiceEntry>, "purpose" | "command" | "user" | "data" | "ports"> = {},
): Pick<ServicePlan, "purpose" | "command" | "user" | "data" | "ports"> {
  const { purpose, start, data, ports } = entryOf("component", catalogue.components, name) as InstalledEntry
  return {
    purpose: said.purpose ?? purpose,
    command: said.command ?? [start],
    user: said.user ?? catalogue.user.name,
    data: said.data ?? data,
    ports: said.ports === undefined || said.ports.length === 0 ? ports : said.ports,
  }
}

/** A layer for the supervisor of a service: the service itself, started again when it is killed, and the way to the supervisor. */
export function serviceLayer(service: ServicePlan, command: string[]): string {
  const own = {
    override: "replace",
    summary: service.purpose,
    command: shellWords(command),
    startup: "enabled",
    ...(service.data === undefined ? {} : { "working-dir": service.data }),
    ...(service.user === undefined ? {} : { user: service.user, group: service.user }),
    "on-success": "restart",
    "on-failure": "restart",
    "backoff-delay": "500ms",
    "backoff-limit": "5s",
  }
  return layer({ [service.name]: own, ...relay(controlFolder) })
}

/** A layer for a group's own supervisor: only the way to it; its programs are as in the image. */
export function groupControlLayer(): string {
  return layer(relay(supervisorFolder))
}

function relay(folder: string) {
  const command = `${binFolder}/stackctl relay :${controlPort} ${folder}/.pebble.socket`
  return { control: { override: "replace", summary: "The supervisor's API over the network", command, startup: "enabled" } }
}

/** JSON is YAML as well. */
function layer(services: Record<string, object>): string {
  return `${JSON.stringify({ services }, null, 2)}\n`
}

/** The groups that can run: those that say what they need. */
export function runnableGroups(catalogue: Catalogue): GroupEntry[] {
  const groups = Object.values(catalogue.components).filter((entry) => entry.kind === "group")
  return groups.filter(({ needs }) => needs.length > 0)
}

/** These groups with the groups that they need, each after those; one that needs itself in the end is refused. */
export function startOrder(catalogue: Catalogue, wanted: string[]): { services: string[]; groups: GroupEntry[] } {
  const services = new Set<string>()
  const groups: GroupEntry[] = []
  const add = (name: string, path: string[]): void => {
    const entry = catalogue.components[name]
    if (Object.hasOwn(catalogue.services, name)) {
      services.add(name)
      return
    }
    if (entry?.kind !== "group") throw new Error(`${name} is not a group of programs: it cannot run in the stack`)
    if (path.includes(name)) throw new Error(`stack.yaml: ${[...path, name].join(" needs ")}: a circle, so none of them can start first`)
    if (groups.includes(entry)) return
    for (const need of entry.needs) add(need, [...path, name])
    groups.push(entry)
  }
  for (const name of wanted) add(name, [])
  return { services: [...services], groups }
}

/** Passes every port on as it is, so that what is signed for an address stays valid. */
export function frontConfig({ ports }: FrontEntry): string {
  const servers = Object.entries(ports).map(([outside, inside]) => `  server { listen ${outside}; proxy_pass ${inside}; }`)
  return `include /etc/nginx/modules-enabled/*.conf;
events {}
stream {
  # A message comes along once in a while.
  proxy_timeout 1h;
${servers.join("\n")}
}
`
}

/** The same stack with new passwords and secrets in the places of those that `front.fresh` names; and which variables have them. */
export function withFreshSecrets(catalogue: Catalogue, random: () => string): { catalogue: Catalogue; changed: Record<string, string> } {
  const fresh = new Map((catalogue.front?.fresh ?? []).map((value) => [value, random()]))
  const changed: Record<string, string> = {}
  const replaced = (text: string): string => {
    // The longest first: one may be a part of another.
    const [old, value] = [...fresh].sort(([one], [other]) => other.length - one.length).find(([known]) => text.includes(known)) ?? []
    return old === undefined || value === undefined ? text : text.replaceAll(old, value)
  }
  const variables = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).map(([name, old]) => {
        const value = replaced(old)
        if (value !== old) changed[name] = value
        return [name, value]
      }),
    )
  const services = Object.entries(catalogue.services).map(([name, entry]) => {
    const command = entry.command === undefined ? {} : { command: entry.command.map(replaced) }
    return [name, { ...entry, ...command, env: variables(entry.env), ready: entry.ready.map(replaced) }] as const
  })
  const components = Object.entries(catalogue.components).map(([name, entry]) => {
    return [name, entry.kind === "group" ? { ...entry, connect: variables(entry.connect) } : entry] as const
  })
  return {
    catalogue: {
      ...catalogue,
      services: Object.fromEntries(services) as Catalogue["services"],
      components: Object.fromEntries(components),
    },
    changed,
  }
}
