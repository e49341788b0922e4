// docker-compose.prod.yml: for docker compose 2 and podman, with Docker from 20.10.10 on. So without ulimits (a machine may allow less),
// without start_interval (Docker 25) and without container names (one machine may have several installations).

import { Document, isMap, isScalar, visit } from "yaml"
import { limitSetting } from "../../base/limitSetting.js"
import type { DeployedNetwork, DeployedService, Deployment, Setting } from "./model.js"
import { publication, publishedPorts } from "./publishedPorts.js"

/** The file's name in the kit. */
export const composeFile = "docker-compose.prod.yml"

export function composeText(deployment: Deployment): string {
  const { project, services, networks, title } = deployment
  const volumes = [...new Set(services.flatMap((service) => Object.keys(service.volumes)))]
  const secrets = [...new Set(services.flatMap((service) => service.secrets))]
  const document = new Document(
    {
      name: project,
      services: Object.fromEntries(services.map((service) => [service.name, composeService(deployment, service)])),
      networks: Object.fromEntries(networks.map((network) => [network.name, composeNetwork(deployment, network)])),
      volumes: Object.fromEntries(volumes.map((name) => [name, {}])),
      secrets: Object.fromEntries(secrets.map((name) => [name, { file: `./secrets/${name}` }])),
    },
    { aliasDuplicateObjects: false },
  )
  document.commentBefore = ` ${title} on one machine: ./openimctl deploy, or by hand as README.md says. Generated from deployment.yaml and versions.yaml: do not edit\n it. What a site changes stands in .env, and in another compose file that follows with -f.`
  layOut(document)
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

/** Lists of words stand on one line, services apart; what YAML 1.1 takes for a boolean gets quotes. */
function layOut(document: Document): void {
  visit(document, {
    Seq: (_, node) => {
      if (node.items.every(isScalar) && !node.items.some(({ value }) => /^\.?\/?[\w.-]*:/.test(String(value)))) node.flow = true
    },
    Scalar: (key, node) => {
      if (key === "value" && typeof node.value === "string" && /^(on|off|yes|no|y|n)$/i.test(node.value)) node.type = "QUOTE_DOUBLE"
    },
  })
  const parts = isMap(document.contents) ? document.contents : undefined
  const services = parts?.get("services")
  for (const map of [parts, services]) {
    for (const { key } of isMap(map) ? map.items.slice(1) : []) if (isScalar(key)) key.spaceBefore = true
  }
}

function composeService(deployment: Deployment, service: DeployedService): object {
  const setting = (name: string) => settingText(deployment, name)
  return {
    image: setting(service.imageSetting),
    profiles: service.profiles,
    ...(service.needs.length === 0
      ? {}
      : { depends_on: Object.fromEntries(service.needs.map((name) => [name, { condition: "service_healthy" }])) }),
    ...(service.command === undefined ? {} : { command: service.command.map(literal) }),
    ...(service.user === undefined ? {} : { user: service.user }),
    ...(service.hostProcesses ? { pid: "host" } : {}),
    ...(Object.keys(service.environment).length === 0
      ? {}
      : {
          environment: Object.fromEntries(
            Object.entries(service.environment).map(([name, text]) => [name, withSettings(deployment, text)]),
          ),
        }),
    ...listed("secrets", service.secrets),
    ...listed("volumes", [
      ...Object.entries(service.volumes).map(([name, path]) => `${name}:${path}`),
      ...Object.entries(service.files).map(([source, path]) => `./${source}:${path}:ro,z`),
      // Others use these folders, so that their SELinux labels stay as they are.
      ...Object.entries(service.hostFolders ?? {}).map(([name, path]) => `${setting(name)}:${path}:ro`),
    ]),
    ...listed(
      "ports",
      publishedPorts(service).map((port) => publication(port, setting)),
    ),
    networks: service.networks,
    restart: "always",
    healthcheck: {
      test: service.health.test.map(literal),
      interval: "5s",
      timeout: "5s",
      retries: 6,
      start_period: `${service.health.startSeconds}s`,
    },
    stop_grace_period: `${service.graceSeconds}s`,
    mem_limit: setting(memoryOf(deployment, service).name),
    cpus: service.cpus,
    pids_limit: service.pids,
    read_only: !service.writable,
    tmpfs: service.temporary,
    cap_drop: ["ALL"],
    ...listed("cap_add", service.capabilities),
    security_opt: ["no-new-privileges:true"],
    // Docker writes this label of compose into each line. A tag would be shorter, and podman refuses it.
    logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3", labels: "com.docker.compose.service" } },
  }
}

function composeNetwork(deployment: Deployment, { internal, setting, called }: DeployedNetwork): object {
  return {
    ...(called === undefined ? {} : { name: called }),
    internal: setting === undefined ? internal : settingText(deployment, setting),
  }
}

function listed(key: string, items: string[]): object {
  return items.length === 0 ? {} : { [key]: items }
}

function memoryOf({ settings }: Deployment, { name }: DeployedService): Setting {
  return settings.find((one) => one.group === "limits" && one.name === limitSetting(name))!
}

/** A text in which compose replaces nothing. */
function literal(text: string): string {
  return text.replaceAll("$", "$$$$")
}

const reference = /\$\{([A-Z][A-Z0-9_]*)\}/g

/** A text with ${SETTING}, as compose replaces it. */
function withSettings(deployment: Deployment, text: string): string {
  return text
    .split(reference)
    .map((part, index) => (index % 2 === 0 ? literal(part) : settingText(deployment, part)))
    .join("")
}

/** A setting without a default, or with one that depends on others, must stand in .env. */
function settingText({ settings }: Deployment, name: string): string {
  const setting = settings.find((one) => one.name === name)!
  if (setting.default !== undefined && !setting.default.includes("$")) return `\${${name}:-${setting.default}}`
  // Compose wants a name for what does not run, too.
  if (setting.optional) return `\${${name}:-${setting.kind === "image" ? setting.expected : ""}}`
  return `\${${name}:?set it in .env}`
}
