// README.md beside the rendered files: how they are used by hand.

import { composeFile } from "./compose.js"
import type { Deployment, Setting } from "./model.js"
import { publishedPorts } from "./publishedPorts.js"

export function readmeText(deployment: Deployment): string {
  const { title, profiles, services, settings, release } = deployment
  const secret = settings.filter(({ uses }) => uses.some((use) => use.as === "file"))
  const edge = services.find(({ name }) => name === deployment.edge.service)
  const published = publishedPorts(edge ?? { publish: {} }).map(({ setting }) => setting)
  const direct = services.flatMap(({ name, direct = {} }) =>
    Object.entries(direct).map(([setting, protocol]) => ({ name, setting, protocol })),
  )
  const table = (rows: string[][]) => rows.map((row) => `| ${row.join(" | ")} |`).join("\n")
  return `# ${title} on one machine

${release}. These files are generated from \`deployment.yaml\` and \`versions.yaml\`: \`./daggerw -y call compose-files\` writes them. With
\`./openimctl deploy\` you need nothing of this page. It is for those who use the files by hand.

| file | what it is |
|---|---|
| \`${composeFile}\` | the services, for docker compose 2 or podman |
| \`env.template\` | the settings: copy it to \`.env\` |
| \`haproxy.cfg\` | the edge: TLS, limits, routes |
| \`deployment.json\` | the same as data, for \`openimctl\` |

## By hand

1. Settings. Fill in \`PUBLIC_URL\`, the secrets (\`openssl rand -hex 16\` makes one) and the images that have no value:

   \`\`\`sh
   cp env.template .env && chmod 600 .env
   \`\`\`

2. Secrets as files, again after each change of \`.env\`. Containers read them as user 10001, so the folder is closed and the files are not:

   \`\`\`sh
   mkdir -p -m 0700 secrets
   for name in ${secret.map(({ name }) => name).join(" ")}; do
     sed -n "s/^$name='\\{0,1\\}\\([^']*\\)'\\{0,1\\}$/\\1/p" .env | tr -d '\\n' >"secrets/$(echo "$name" | tr A-Z a-z)"
   done
   chmod 0444 secrets/*
   \`\`\`

3. Certificate. With \`TLS=off\` none. Else put the chain and the key into one file, which user 10001 must be able to read:

   \`\`\`sh
   mkdir -p tls
   cat fullchain.pem privkey.pem >tls/site.pem
   \`\`\`

4. Start, and look:

   \`\`\`sh
   docker compose --env-file .env -f ${composeFile} --profile ${profiles.some(({ name }) => name === "frontend") ? "frontend" : profiles.at(-1)?.name} up -d --wait
   docker compose --env-file .env -f ${composeFile} ps
   \`\`\`

After a change of \`haproxy.cfg\`, \`secrets/\` or \`tls/\`: \`docker compose … restart SERVICE\`. \`down\` keeps the data; \`down -v\` removes them.

## Profiles

${table([["profile", "what it runs", "memory"], ["---", "---", "---"], ...profiles.map(({ name, purpose, memoryMiB }) => [`\`${name}\``, purpose, `${memoryMiB / 1024} GB`])])}

## Services

Those of a stage start together, once the stage before is healthy.

${table([
  ["stage", "service", "what it does", "profiles", "networks"],
  ["---", "---", "---", "---", "---"],
  ...services.map(({ stage, name, purpose, profiles: own, networks }) => [
    String(stage),
    `\`${name}\``,
    purpose,
    own.join(", "),
    networks.join(", "),
  ]),
])}

## Ports

${direct.length === 0 ? "The edge alone has ports of this machine." : "The edge has these ports of this machine."}

${table([
  ["setting", "default", "for"],
  ["---", "---", "---"],
  ...published.map((name) => [`\`${name}\``, defaultOf(settings, name), purposeOf(settings, name)]),
])}

On these ports, \`/healthz\` is 200 while the edge runs. \`/readyz\` on the first two is 503 until ${deployment.edge.ready.join(", ")} answer. Metrics for
Prometheus and a page of figures are on port ${deployment.edge.metrics} of the edge, \`/metrics\` and \`/stats\`, inside of the network \`${edge?.networks[0]}\` only.
${
  direct.length === 0
    ? ""
    : `
Other services have these, past the edge:

${table([
  ["setting", "default", "protocol", "service", "for"],
  ["---", "---", "---", "---", "---"],
  ...direct.map(({ name, setting, protocol }) => [
    `\`${setting}\``,
    defaultOf(settings, setting),
    protocol.toUpperCase(),
    `\`${name}\``,
    purposeOf(settings, setting),
  ]),
])}
`
}`
}

function purposeOf(settings: Setting[], name: string): string {
  return settings.find((one) => one.name === name)?.purpose ?? ""
}

function defaultOf(settings: Setting[], name: string): string {
  return settings.find((one) => one.name === name)?.default ?? ""
}
