// What runs the stack on a server, by the tools that read it: docker compose, podman-compose, HAProxy.

import type { Container, Directory } from "@dagger.io/dagger"
import { loadDeployment } from "../../src/catalogue/load.js"
import { pinnedImage } from "../../src/catalogue/lookup.js"
import { pullFirst, withSystemPackages } from "../../src/graph/build/bases.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { folderOf } from "../../src/graph/deploy/kit.js"
import { acmeCommand } from "../../src/plan/deploy/acme.js"
import { published } from "../../src/plan/deploy/deployment.js"
import { deploymentFiles, deploymentOf } from "../../src/plan/deploy/files.js"
import type { Deployment, Setting } from "../../src/plan/deploy/model.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, has } from "./cases.js"
import { ruleTests } from "./openim/rules.js"

export async function deploymentTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const { catalogue } = settings
  const data = await loadDeployment(catalogue, catalogue.stack)
  if (data === undefined) throw new Error(`stacks/${catalogue.stack} has no deployment.yaml`)
  const node = await pullFirst(settings, [pinnedImage(catalogue, "node")])
  const packages = ["haproxy", "docker-compose", "podman-compose", "openssl", "lego", "pebble", "promtool", "prometheus-alertmanager"]
  const box = (await withSystemPackages(settings, node, "debian", packages)).withWorkdir("/kit")

  const rendered = ["registry", "official"].map((origin) => {
    const request = { ...published(catalogue), official: origin === "official" }
    const deployment = deploymentOf(catalogue, data, request)
    const texts = { ...deploymentFiles(catalogue, data, request), ".env": envText(deployment.settings) }
    const folder = folderOf(texts)
    return { origin, deployment, kit: box.withDirectory(".", folder) }
  })
  const configured = (kit: Container, command: string[]) =>
    kit.withExec([...command, "--env-file", ".env", "-f", "docker-compose.prod.yml", "config"]).stdout()

  const composed = rendered.flatMap(({ origin, deployment, kit }) =>
    deployment.profiles.flatMap(({ name }): [string, () => Promise<unknown>][] => {
      const services = deployment.services.filter(({ profiles }) => profiles.includes(name))
      const named = (text: string) => services.forEach((service) => has(text, `\n  ${service.name}:`))
      return [
        [
          `docker compose takes profile ${name} (${origin})`,
          async () => named(await configured(kit, ["docker-compose", "--profile", name])),
        ],
        [
          `podman-compose takes profile ${name} (${origin})`,
          async () =>
            named(
              await configured(kit.withNewFile("/usr/local/bin/podman", podman, { permissions: 0o755 }), [
                "podman-compose",
                "--profile",
                name,
              ]),
            ),
        ],
      ]
    }),
  )
  const edge = () =>
    rendered[0]!.kit
      .withNewFile("acme.json", acmeText(rendered[0]!.deployment))
      .withFile("/run.mjs", checkout.file("tests/fixtures/edge/run.mjs"))
      .withExec(["node", "/run.mjs", "/kit"])
      .stdout()
  const monitored = async (): Promise<TestCase[]> => {
    const tests = catalogue.stack === "openim" ? ruleTests("/kit/monitoring/rules.yml") : {}
    const folder = folderOf(Object.fromEntries(Object.values(tests).map((text, index) => [`${index}.yml`, text])))
    const { kit } = rendered[0]!
    const results = await kit
      .withDirectory("/rules", folder)
      .withExec(["sh", "-c", runRules(Object.keys(tests).length)])
      .stdout()
    const failed = new Map(
      results
        .split("\0")
        .filter(Boolean)
        .map((text) => [Number.parseInt(text, 10), text] as const),
    )
    return Object.keys(tests).map((name, index) => ({ name: `alert ${name}`, ok: !failed.has(index), detail: failed.get(index) ?? "" }))
  }
  const checked: [string, () => Promise<unknown>][] = rendered[0]!.deployment.monitoring
    ? [
        ["promtool takes the configuration of Prometheus and its rules", () => taken("promtool check config monitoring/prometheus.yml")],
        ["amtool takes the configuration of Alertmanager", () => taken("amtool check-config monitoring/alertmanager.yml")],
      ]
    : []
  const taken = async (command: string) => has(await rendered[0]!.kit.withExec(command.split(" ")).stdout(), "SUCCESS")
  return [
    ...(await casesOf([...composed, ...checked])),
    ...(checked.length > 0 ? await monitored() : []),
    ...(JSON.parse(await edge()) as TestCase[]),
  ]
}

/** Prints those that fail, each with its number, ended by a zero. */
function runRules(count: number): string {
  return `i=0; while [ $i -lt ${count} ]; do said=$(promtool test rules /rules/$i.yml 2>&1) || printf '%s %s\\0' $i "$said"; i=$((i + 1)); done`
}

/** How a certificate is asked for, from an authority on the machine of the test. */
function acmeText({ edge }: Deployment): string {
  const host = "im.example.test"
  const server = "https://127.0.0.1:14000/dir"
  const settings = { PUBLIC_URL: `https://${host}`, ACME_EMAIL: "admin@example.org", ACME_SERVER: server, ACME_CA_FILE: "root.pem" }
  const words = acmeCommand(edge, settings, { engine: "docker", project: "im", image: "IMAGE", folder: "/tmp", user: "0:0" })
  return JSON.stringify({ host, words })
}

/** podman-compose asks for the version before it reads anything. */
const podman = "#!/bin/sh\necho podman version 5.4.2\n"

/** What a user fills in. */
function envText(settings: Setting[]): string {
  const filled: Partial<Record<Setting["kind"], string>> = {
    url: "https://im.example.org",
    image: "registry.example.org/im/image:1",
    secret: "word",
  }
  return settings
    .filter(({ group }) => group !== "limits")
    .map(
      ({ name, kind, default: given }) =>
        `${name}='${given?.includes("$") ? "https://im.example.org:1" : (given ?? filled[kind] ?? "")}'\n`,
    )
    .join("")
}
