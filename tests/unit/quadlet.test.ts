// Units of systemd for podman, from a deployment and its settings.
import { expect, test } from "vitest"
import type { Deployment } from "../../src/plan/deploy/model.js"
import { quadletFiles, quadletServices } from "../../src/plan/deploy/quadlet.js"
import { shopDeployment } from "./deployment.fixture.js"
import { fixtureText } from "./fixtures.js"

const deployment = JSON.parse(fixtureText("deployment/deployment.json")) as Deployment
const settings = Object.fromEntries(
  deployment.settings.map(({ name, default: given }) => [name, given?.includes("$") ? "https://im.test" : (given ?? `value of ${name}`)]),
)
const request = { profiles: deployment.profiles.map(({ name }) => name), settings, project: "im", folder: "/srv/im" }

test("each service, network and volume has a unit, and they are as they were", async () => {
  const files = quadletFiles(deployment, request)
  const text = Object.entries(files)
    .map(([name, text]) => `# ---- ${name}\n${text}`)
    .join("\n")
  await expect(text).toMatchFileSnapshot("../fixtures/im/deployment/quadlet.txt")
  for (const { name } of deployment.services) expect(Object.keys(files)).toContain(`im-${name}.container`)
})

const shop = (change: Partial<Deployment["services"][number]> = {}, given: Record<string, string> = {}) => {
  const services = shopDeployment.services.map((service) => (service.name === "api" ? { ...service, ...change } : service))
  const all = { API_IMAGE: "docker.io/shop/api:1.0", HTTP_PORT: "18080", ...given }
  return quadletFiles({ ...shopDeployment, services }, { profiles: ["core"], settings: all, project: "shop", folder: "/srv/shop" })
}

test("what systemd would replace or split stays as it is", () => {
  const text = shop(
    {
      environment: { WORDS: '50% of $HOME and "${PRICE}"', PLAIN: "http://api:80" },
      command: ["sh", "-c", 'echo "$1"'],
      health: { test: ["CMD-SHELL", 'read -r "$line" < %h'], startSeconds: 2 },
    },
    { PRICE: "5$" },
  )["shop-api.container"]!
  expect(text).toContain('Environment="WORDS=50%% of $$HOME and \\"5$$\\""\n')
  expect(text).toContain("Environment=PLAIN=http://api:80\n")
  expect(text).toContain('Exec=sh -c "echo \\"$$1\\""\n')
  expect(text).toContain('HealthCmd=["CMD-SHELL","read -r \\"$$line\\" < %%h"]\n')
})

test("a health check of single words is podman's list of words", () => {
  expect(shop({ health: { test: ["CMD", "api", "health"], startSeconds: 2 } })["shop-api.container"]).toContain(
    'HealthCmd=["api","health"]\n',
  )
})

test("it starts after what it needs, only services of the profile are there, and secrets are files", () => {
  const files = shop()
  expect(Object.keys(files)).not.toContain("shop-page.container")
  expect(files["shop-api.container"]).toContain("Requires=shop-database.service\nAfter=shop-database.service\n")
  expect(files["shop-api.container"]).toContain("Volume=/srv/shop/secrets/api_secret:/run/secrets/api_secret:ro,z\n")
  expect(files["shop-database.container"]).toContain("Volume=shop-database.volume:/data\n")
  expect(files["shop-edge.container"]).toContain("PublishPort=18080:8080\n")
  expect(shop({ hostFolders: { DATA_FOLDER: "/data" } }, { DATA_FOLDER: "/srv/data" })["shop-api.container"]).toContain(
    "Volume=/srv/data:/data:ro\n",
  )
  expect(shop({ direct: { MEDIA_PORT: "udp" } }, { MEDIA_PORT: "7882" })["shop-api.container"]).toContain("PublishPort=7882:7882/udp\n")
  expect(quadletServices(shopDeployment, { profiles: ["core"], project: "shop" })).toEqual([
    "shop-database.service",
    "shop-api.service",
    "shop-edge.service",
  ])
})

test("a network is closed as the data says, or as the setting does", () => {
  const network = (setting: string) =>
    quadletFiles(
      { ...shopDeployment, networks: [{ name: "data", internal: true, setting: "CLOSED" }] },
      { profiles: ["core"], settings: { CLOSED: setting }, project: "shop", folder: "/srv/shop" },
    )["shop-data.network"]
  expect(shop()["shop-public.network"]).toContain("NetworkName=shop_public\nInternal=false\n")
  expect(network("true")).toContain("Internal=true\n")
  expect(network("false")).toContain("Internal=false\n")
})
