import { expect, it } from "vitest"
import { answeredPorts } from "../../src/plan/deploy/publishedPorts.js"
import { shopDeployment } from "./deployment.fixture.js"

it("without TLS nothing answers at the edge's port for it, and every other port is asked", () => {
  const publish = { HTTP_PORT: 8080, HTTPS_PORT: shopDeployment.edge.https }
  const services = shopDeployment.services.map((service) =>
    service.name === "edge" ? { ...service, publish, direct: { MEDIA_PORT: "udp" as const } } : service,
  )
  const names = (TLS: string) => answeredPorts(shopDeployment, services, { TLS }).map(({ setting }) => setting)
  expect(names("off")).toEqual(["HTTP_PORT", "MEDIA_PORT"])
  for (const mode of ["internal", "files", "acme"]) expect(names(mode)).toEqual(["HTTP_PORT", "HTTPS_PORT", "MEDIA_PORT"])
})
