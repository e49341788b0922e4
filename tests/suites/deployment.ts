// What runs the stack on a server, by the tools that read it: docker compose, podman-compose, HAProxy.

import { type Container, type Directory, dag } from "@dagger.io/dagger"
import { loadDeployment } from "../../src/catalogue/load.js"
import { pinnedImage } from "../../src/catalogue/lookup.js"
import { pullFirst, withSystemPackages } from "../../src/graph/build/bases.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { deploymentFiles, deploymentOf } from "../../src/plan/deploy/files.js"
import type { Setting } from "../../src/plan/deploy/model.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, has } from "./cases.js"

export async function deploymentTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const { catalogue } = settings
  const data = await loadDeployment(catalogue, catalogue.stack)
  if (data === undefined) throw new Error(`stacks/${catalogue.stack} has no deployment.yaml`)
  const node = await pullFirst(settings, [pinnedImage(catalogue, "node")])
  const packages = ["haproxy", "docker-compose", "podman-compose", "openssl"]
  const box = (await withSystemPackages(settings, node, "debian", packages)).withWorkdir("/kit")

  const rendered = ["registry", "official"].map((origin) => {
    const wish = { profiles: [], official: origin === "official", base: Object.values(catalogue.bases)[0]!, images: {} }
    const deployment = deploymentOf(catalogue, data, wish)
    const texts = { ...deploymentFiles(catalogue, data, wish), ".env": envText(deployment.settings) }
    const folder = Object.entries(texts).reduce((changed, [name, text]) => changed.withNewFile(name, text), dag.directory())
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
    rendered[0]!.kit.withFile("/run.mjs", checkout.file("tests/fixtures/edge/run.mjs")).withExec(["node", "/run.mjs", "/kit"]).stdout()
  return [...(await casesOf(composed)), ...(JSON.parse(await edge()) as TestCase[])]
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
