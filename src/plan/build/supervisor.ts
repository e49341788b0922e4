// The supervisor's configuration: a layer for Pebble (https://documentation.ubuntu.com/pebble).

import { sourceEntry } from "../../catalogue/lookup.js"
import type { BaseEntry, Catalogue, GroupEntry } from "../../catalogue/types.js"
import { stagesOf } from "./components.js"
import { binFolder, portProbe, supervisorFolder } from "./image.js"

export const waitProgram = `${binFolder}/wait-for-ports`

/**
 * Every program of a group as a service. Pebble starts all at once (its `after` orders only services that require each
 * other, and then one quick exit would keep the rest from starting), so later stages wait for the ports of earlier ones.
 */
export function supervisorLayer(catalogue: Catalogue, component: GroupEntry) {
  const policy = catalogue.supervisor
  const services: Record<string, object> = {}
  const before: number[] = []
  for (const stage of stagesOf(catalogue, component)) {
    for (const entry of stage) {
      const { programs, arguments: words } = sourceEntry(catalogue, component.source).image
      const command = [`${programs}/${entry.program}`, ...words].join(" ")
      services[entry.program] = {
        override: "replace",
        summary: entry.purpose,
        command: before.length === 0 ? command : `${waitProgram} ${policy.waitSeconds} ${before.join(" ")} -- ${command}`,
        startup: "enabled",
        "on-success": "restart",
        "on-failure": "restart",
        "backoff-delay": policy.backoffDelay,
        "backoff-factor": policy.backoffFactor,
        "backoff-limit": policy.backoffLimit,
      }
    }
    before.push(...stage.map((entry) => entry.probe).filter((port) => port !== undefined))
  }
  return {
    summary: component.purpose,
    services,
    checks: {
      programs: {
        override: "replace",
        level: "alive",
        period: policy.checkPeriod,
        timeout: "5s",
        threshold: policy.downChecks,
        exec: { command: `sh -c '! ${binFolder}/pebble services | grep -Eq " (backoff|error) "'` },
      },
    },
  }
}

/** Where Pebble reads the layer; it knows JSON as the YAML that it is. */
export function layerFile(component: GroupEntry): string {
  return `${supervisorFolder}/layers/001-${component.name}.yaml`
}

export function layerText(catalogue: Catalogue, component: GroupEntry): string {
  return `${JSON.stringify(supervisorLayer(catalogue, component), null, 2)}\n`
}

/** `wait-for-ports SECONDS PORT… -- COMMAND…`: runs the command when all ports answer, or when the time is over. */
export function waitScript(base: BaseEntry): string {
  return `#!/bin/sh
# Usage: wait-for-ports SECONDS PORT... -- COMMAND...
# Becomes the command when every port of this container answers, or after that many seconds.
left=$1
shift
while [ "$1" != -- ]; do
  until ${portProbe(base, '"$1"')} 2>/dev/null; do
    [ "$left" -gt 0 ] || break
    left=$((left - 1))
    sleep 1
  done
  shift
done
shift
exec "$@"
`
}
