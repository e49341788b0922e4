// Units of systemd for podman 5 and newer, which makes services of them: containers, networks and volumes as compose would make them.
// Their labels are compose's, so that openimctl finds the containers.

import { limitSetting } from "../../base/limitSetting.js"
import type { DeployedService, Deployment } from "./model.js"
import { publication, publishedPorts } from "./publishedPorts.js"
import { servicesOf } from "./stages.js"

export interface QuadletRequest {
  profiles: string[]
  /** Effective ones. */
  settings: Record<string, string>
  project: string
  /** The kit's folder on the machine: files and secrets are there. */
  folder: string
}

/** File → its text, for /etc/containers/systemd. */
export function quadletFiles(deployment: Deployment, request: QuadletRequest): Record<string, string> {
  const { project, settings } = request
  const services = servicesOf(deployment, request.profiles)
  const networks = deployment.networks.filter(({ name }) => services.some((service) => service.networks.includes(name)))
  const volumes = [...new Set(services.flatMap((service) => Object.keys(service.volumes)))]
  return Object.fromEntries([
    ...services.map((service) => [`${project}-${service.name}.container`, containerUnit(deployment, service, services, request)]),
    ...networks.map(({ name, internal, setting, called }) => {
      const closed = setting === undefined ? internal : settings[setting] !== "false"
      return [
        `${project}-${name}.network`,
        unit({
          Network: [
            ["NetworkName", called ?? `${project}_${name}`],
            ["Internal", String(closed)],
          ],
        }),
      ]
    }),
    ...volumes.map((name) => [`${project}-${name}.volume`, unit({ Volume: [["VolumeName", `${project}_${name}`], ...labels(project)] })]),
  ])
}

/** The services that a machine starts, in the order of the stages. */
export function quadletServices(deployment: Deployment, { profiles, project }: Pick<QuadletRequest, "profiles" | "project">): string[] {
  return servicesOf(deployment, profiles).map(({ name }) => `${project}-${name}.service`)
}

type Line = [key: string, value: string]

const labels = (project: string): Line[] => [["Label", `com.docker.compose.project=${project}`]]

function containerUnit(deployment: Deployment, service: DeployedService, services: DeployedService[], request: QuadletRequest): string {
  const { project, settings, folder } = request
  const { name, health } = service
  const needs = service.needs.filter((other) => services.some((one) => one.name === other)).map((other) => `${project}-${other}.service`)
  const memory = settings[limitSetting(name)] ?? `${service.memoryMiB}m`
  const limits = [
    `--network-alias=${name}`,
    `--memory=${memory}`,
    `--cpus=${service.cpus}`,
    `--pids-limit=${service.pids}`,
    `--stop-timeout=${service.graceSeconds}`,
    ...(service.hostProcesses ? ["--pid=host"] : []),
  ]
  return unit({
    Unit: [
      ["Description", `${deployment.title}: ${service.purpose}`],
      // As often as it takes.
      ["StartLimitIntervalSec", "0"],
      ...needs.flatMap((other): Line[] => [
        ["Requires", other],
        ["After", other],
      ]),
    ],
    Container: [
      ["Image", settings[service.imageSetting] ?? ""],
      ["ContainerName", `${project}-${name}`],
      ...labels(project),
      ["Label", `com.docker.compose.service=${name}`],
      ...(service.command === undefined ? [] : [["Exec", service.command.map(word).join(" ")] as Line]),
      ...Object.entries(service.environment).map(([key, text]): Line => ["Environment", word(`${key}=${withSettings(text, settings)}`)]),
      ...Object.entries(service.volumes).map(([volume, path]): Line => ["Volume", `${project}-${volume}.volume:${path}`]),
      ...Object.entries(service.files).map(([source, path]): Line => ["Volume", `${folder}/${source}:${path}:ro,z`]),
      ...Object.entries(service.hostFolders ?? {}).map(([name, path]): Line => ["Volume", `${settings[name] ?? ""}:${path}:ro`]),
      ...service.secrets.map((secret): Line => ["Volume", `${folder}/secrets/${secret}:/run/secrets/${secret}:ro,z`]),
      ...service.networks.map((network): Line => ["Network", `${project}-${network}.network`]),
      ...publishedPorts(service).map((port): Line => ["PublishPort", publication(port, (name) => settings[name] ?? "")]),
      ...(service.user === undefined ? [] : [["User", service.user] as Line]),
      ["ReadOnly", String(!service.writable)],
      ...service.temporary.map((path): Line => ["Tmpfs", path]),
      ["DropCapability", "ALL"],
      ...service.capabilities.map((capability): Line => ["AddCapability", capability]),
      ["NoNewPrivileges", "true"],
      ["HealthCmd", escaped(healthText(health.test))],
      ["HealthInterval", "5s"],
      ["HealthTimeout", "5s"],
      ["HealthRetries", "6"],
      ["HealthStartPeriod", `${health.startSeconds}s`],
      // Started once it is healthy: what needs it waits for that.
      ["Notify", "healthy"],
      ["PodmanArgs", limits.join(" ")],
    ],
    Service: [
      ["Restart", "always"],
      ["RestartSec", "2"],
      ["TimeoutStartSec", String(Math.max(300, health.startSeconds * 4))],
      ["TimeoutStopSec", String(service.graceSeconds + 10)],
    ],
    Install: [["WantedBy", "multi-user.target default.target"]],
  })
}

function unit(sections: Record<string, Line[]>): string {
  const parts = Object.entries(sections).map(([name, lines]) => `[${name}]\n${lines.map(([key, value]) => `${key}=${value}\n`).join("")}`)
  return `# Generated by openimctl quadlet: call it again after a change of .env.\n${parts.join("\n")}`
}

/** Podman takes a list of words, or the shell's words as one. */
function healthText([kind = "", ...words]: string[]): string {
  return JSON.stringify(kind === "CMD" ? words : [kind, ...words])
}

function withSettings(text: string, settings: Record<string, string>): string {
  return text.replace(/\$\{([A-Z][A-Z0-9_]*)\}/g, (_, name: string) => settings[name] ?? "")
}

/** What systemd would replace, twice: it takes one away. */
const escaped = (text: string): string => text.replaceAll("%", "%%").replaceAll("$", "$$$$")

/** As one word of systemd. */
function word(text: string): string {
  const plain = escaped(text)
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `"${plain.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
}
