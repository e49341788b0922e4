// The smoke test of an image, as a script that runs in it and a judgement of what it and the image's settings say.

import type { ImageEntry, PackagedEntry, SourceImageEntry } from "../catalogue/types.js"
import type { TestCase } from "./suites.js"

export interface ImageFacts {
  labels: string[]
  ports: number[]
  health: string[]
  /** Certificates that no package brought. */
  foreign: string[]
}

/** What is asked, and the shell command that succeeds when it is so. */
export type SmokeQuestion = [what: string, command: string]

export function programQuestions({ config, logs }: SourceImageEntry, programs: string[]): SmokeQuestion[] {
  return [
    ...programs.map((name): SmokeQuestion => [`${name} starts and answers --help`, `${name} --help`]),
    ["the configuration can be read", `[ -n "$(ls ${config}/*.yml)" ] && cat ${config}/*.yml`],
    ["the log folder can be written", `touch ${logs}/smoke && rm ${logs}/smoke`],
    ["the binaries cannot be written", '! [ -w "$(command -v ' + programs[0] + ')" ]'],
  ]
}

export function serverQuestions({ server, start, data }: PackagedEntry): SmokeQuestion[] {
  return [
    [`${server} starts and answers --version`, `${server} --version`],
    ["the data folder can be written, and is empty", `[ -z "$(ls -A ${data})" ] && touch ${data}/smoke && rm ${data}/smoke`],
    ["the server does not start without a password", `! ${start}`],
    ["the health check fails without a server", `! ${start} health`],
    ["the programs cannot be written", `! [ -w "$(command -v ${server})" ] && ! [ -w "$(command -v ${start})" ]`],
  ]
}

/** Prints one line for each question: yes or no, a tab, what was asked. */
export function smokeScript(own: SmokeQuestion[]): string {
  const questions: SmokeQuestion[] = [
    ...own,
    ["the user is not root", '[ "$(id -u)" != 0 ]'],
    ["CA certificates are there", "ls /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt 2>/dev/null | grep -q ."],
    ["time zones are there", "[ -e /usr/share/zoneinfo/Asia/Shanghai ]"],
    ["no compiler is there", "! command -v go && ! command -v gcc && ! command -v cc && ! command -v mage"],
    ["no source is there", "! find / -xdev -name '*.go' -o -xdev -name go.mod 2>/dev/null | grep -q ."],
    [
      "no package cache is there",
      "! find /var/lib/apt/lists /var/cache/apt /var/cache/dnf /var/cache/yum /var/cache/apk -type f -size +0 2>/dev/null | grep -q .",
    ],
  ]
  const lines = questions.map(
    ([what, command]) => `if { ${command}; } >/dev/null 2>&1; then echo "yes\t${what}"; else echo "no\t${what}"; fi`,
  )
  return lines.join("\n")
}

const wantedLabels = ["source", "revision", "version", "created", "title"].map(
  (name) => `org.opencontainers.image.${name}`,
)

export function findingsOf(output: string, image: ImageFacts, component: ImageEntry): TestCase[] {
  const answers = output
    .trim()
    .split("\n")
    .map((line) => line.split("\t"))
    .map(([answer, name]) => ({ name, ok: answer === "yes" }))
  const missing = wantedLabels.filter((label) => !image.labels.includes(label))
  const closed = component.ports.filter((port) => !image.ports.includes(port))
  const probed = component.kind !== "program" || component.probe !== undefined
  return [
    ...answers,
    { name: "the labels are set", ok: missing.length === 0, detail: `missing: ${missing.join(", ")}` },
    { name: `the ports ${component.ports.join(", ") || "(none)"} are exposed`, ok: closed.length === 0 },
    { name: probed ? "a health check is set" : "there is no port for a health check", ok: !probed || image.health.length > 0 },
    { name: "no certificate of the building machine is left", ok: image.foreign.length === 0, detail: image.foreign.join(", ") },
  ]
}
