// How the daemon reaches a registry, which need not be how the programs of the machine do.

import { overlap } from "./preflight.js"

/** What `docker info` says of it. */
export interface DaemonInfo {
  HttpProxy?: string
  HttpsProxy?: string
  RegistryConfig?: {
    InsecureRegistryCIDRs?: string[] | null
    IndexConfigs?: Record<string, { Secure?: boolean; Mirrors?: string[] | null }> | null
  }
}

export interface DaemonAccess {
  /** It takes plain HTTP as well, and any certificate. */
  insecure: boolean
  /** It goes by a mirror or a proxy. */
  detour: boolean
}

/** `registry` with its port, such as docker.io or 10.0.0.5:5000. */
export function accessTo(registry: string, { HttpProxy, HttpsProxy, RegistryConfig = {} }: DaemonInfo): DaemonAccess {
  const index = RegistryConfig.IndexConfigs?.[registry]
  const host = registry.replace(/:\d+$/, "")
  const address = host === "localhost" ? "127.0.0.1" : host
  const listed = RegistryConfig.InsecureRegistryCIDRs ?? []
  return {
    insecure: index?.Secure === false || listed.some((range) => overlap(address, range)),
    detour: Boolean(HttpProxy || HttpsProxy || index?.Mirrors?.length),
  }
}
