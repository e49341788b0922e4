// What a service publishes on the machine.

import type { DeployedService, Deployment } from "./model.js"

export type Protocol = "tcp" | "udp"

export interface PublishedPort {
  /** The setting of the machine's port. */
  setting: string
  /** The container's; absent where it listens on the machine's number itself. */
  target?: number
  protocol: Protocol
}

export function publishedPorts({ publish, direct = {} }: Pick<DeployedService, "publish" | "direct">): PublishedPort[] {
  return [
    ...Object.entries(publish).map(([setting, target]): PublishedPort => ({ setting, target, protocol: "tcp" })),
    ...Object.entries(direct).map(([setting, protocol]): PublishedPort => ({ setting, protocol })),
  ]
}

/** Those at which something answers: without TLS the edge does not listen at its port for it. */
export function answeredPorts({ edge }: Deployment, services: DeployedService[], settings: Record<string, string>): PublishedPort[] {
  return services.flatMap((service) =>
    publishedPorts(service).filter(({ target }) => settings["TLS"] !== "off" || service.name !== edge.service || target !== edge.https),
  )
}

/** As compose and podman write it: 443:8443, 7882:7882/udp. */
export function publication({ setting, target, protocol }: PublishedPort, value: (setting: string) => string): string {
  return `${value(setting)}:${target ?? value(setting)}${protocol === "udp" ? "/udp" : ""}`
}
