// Programs that register their addresses, and a registry that forgets one: the program is started again, because it would not register
// again, and nobody finds it. On a cluster the kubelet asks, in a container with several programs their supervisor.

import { shellWords } from "../../base/shellWords.js"
import type { DeployedServiceData, DeploymentData } from "../../catalogue/deployment.js"
import type { Catalogue, GroupEntry, ProgramEntry } from "../../catalogue/types.js"
import { programsOf } from "../build/components.js"
import { supervisorFolder } from "../build/image.js"
import { secretFile } from "./secretFile.js"

/**
 * For bash, with the arguments HOST:PORT of an etcd, its user, the file of the password, the program's own port, the variable with the address
 * that it registers, and the ports that it may register; any, where none is given. It ends with 1 where the registry does not know the program.
 * A registry that does not answer is no reason to start anything again; where it asks whether a program has started, UNANSWERED=1 says no.
 */
export const registeredScript = `place=$1 user=$2 password=$(cat "$3") own=\${!5}
request() {
  printf 'POST %s HTTP/1.0\\r\\nHost: registry\\r\\nContent-Type: application/json\\r\\n' "$1"
  [ -z "$token" ] || printf 'Authorization: %s\\r\\n' "$token"
  printf 'Content-Length: %s\\r\\n\\r\\n%s' "\${#2}" "$2"
}
ask() { request "$@" | timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3' "\${place%:*}" "\${place##*:}" 2>/dev/null; }
token=$(cat /tmp/registry-token 2>/dev/null)
all='{"key":"AA==","range_end":"AA==","keys_only":true}'
answer=$(ask /v3/kv/range "$all")
case $answer in
  *'"header"'*) ;;
  *)
    token=
    token=$(ask /v3/auth/authenticate "{\\"name\\":\\"$user\\",\\"password\\":\\"$password\\"}" | grep -o '"token":"[^"]*"' | cut -d'"' -f4)
    (umask 077; printf %s "$token" > "/tmp/registry-token.$$" && mv "/tmp/registry-token.$$" /tmp/registry-token)
    answer=$(ask /v3/kv/range "$all")
    case $answer in *'"header"'*) ;; *) exit "\${UNANSWERED:-0}" ;; esac ;;
esac
shift 5
[ $# -gt 0 ] || set -- ""
known=()
for port; do known+=(-e "/$own:$port"); done
printf %s "$answer" | grep -o '"key":"[^"]*"' | cut -d'"' -f4 | base64 -d | grep -qaF "\${known[@]}" || { echo "$place does not know $own"; exit 1; }
`

const scriptPath = `${supervisorFolder}/registered.sh`

/** A program that does not listen is not the business of this check: the supervisor sees that itself. */
const scriptText = `#!/usr/bin/env bash
# shellcheck disable=SC2016 # an inner shell has arguments, too
# registered.sh HOST:PORT USER FILE PORT VARIABLE PORTS...: ends with 1 where that etcd does not know a program of this container.
timeout 3 bash -c ": < /dev/tcp/127.0.0.1/$4" 2>/dev/null || exit 0
${registeredScript}`

/** Only what the script itself says counts: not that the machine is too slow for it, and not that an image has no bash. */
const onlyItsAnswer = 'timeout 15 bash "$@"; [ $? != 1 ]'

/**
 * What a kit adds to an image so that its supervisor asks the registry, by paths: a second layer for Pebble, and its script. Nothing for a
 * service whose programs register nowhere.
 */
export function registryFiles(catalogue: Catalogue, { registry }: DeploymentData, entry: DeployedServiceData): Record<string, string> {
  const component = Object.hasOwn(catalogue.components, entry.component) ? catalogue.components[entry.component] : undefined
  if (registry === undefined || component?.kind !== "group" || !entry.needs.includes(registry.service)) return {}
  const registering = programsOf(catalogue, component).filter(({ address, probe }) => address !== undefined && probe !== undefined)
  if (registering.length === 0) return {}
  return { [layerPath(component)]: `${JSON.stringify(layerOf(registry, registering), null, 2)}\n`, [scriptPath]: scriptText }
}

/** Pebble reads the layers in the order of their numbers; 001 is the image's. */
function layerPath(component: GroupEntry): string {
  return `${supervisorFolder}/layers/050-${component.name}-registered.yaml`
}

function layerOf(registry: NonNullable<DeploymentData["registry"]>, programs: ProgramEntry[]) {
  const check = ({ program }: ProgramEntry) => `${program}-registered`
  return {
    summary: "Starts again what the registry has forgotten",
    services: Object.fromEntries(
      programs.map((entry) => [entry.program, { override: "merge", "on-check-failure": { [check(entry)]: "restart" } }]),
    ),
    checks: Object.fromEntries(programs.map((entry) => [check(entry), checkOf(registry, entry)])),
  }
}

function checkOf({ service, port, user, password }: NonNullable<DeploymentData["registry"]>, { probe, address, ports }: ProgramEntry) {
  const words = [`${service}:${port}`, user, `/run/secrets/${secretFile(password)}`, String(probe), address!.variable, ...ports.map(String)]
  return {
    override: "replace",
    period: "30s",
    timeout: "25s",
    threshold: 3,
    exec: { command: shellWords(["sh", "-c", onlyItsAnswer, "registered", scriptPath, ...words]) },
  }
}
