// The same deployment with its images in a registry: one on this machine's outer address, by plain HTTP, as closed networks have it.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { healthy, home, refuses, works } from "../support/kit.js"
import { allContainers, docker, outsideAddress } from "../support/machine.js"

export const registryAddress = (): string => `${outsideAddress()}:5000`

export interface KitImage {
  service: string
  setting: string
  image: string
}

/** The images that the services of the kit run with. */
export function kitImages(folder: string): KitImage[] {
  const { services, settings } = JSON.parse(readFileSync(join(folder, "deployment.json"), "utf8")) as {
    services: { name: string; imageSetting: string }[]
    settings: { name: string; default?: string }[]
  }
  return services.map(({ name, imageSetting }) => ({
    service: name,
    setting: imageSetting,
    image: settings.find((one) => one.name === imageSetting)?.default ?? "",
  }))
}

interface Machine {
  deploy: string[]
  sameMessages: () => Promise<void>
}

export function registryCases({ deploy, sameMessages }: Machine): void {
  describe("from a registry", () => {
    const address = registryAddress()
    const inRegistry = (image: string) => image.replace(/^docker\.io/, address)
    const late = "kafka"
    let registry: ChildProcess
    let images: KitImage[]

    beforeAll(async () => {
      const storage = { filesystem: { rootdirectory: "/srv/registry" } }
      writeFileSync("/srv/registry.yml", JSON.stringify({ version: "0.1", log: { level: "error" }, storage, http: { addr: ":5000" } }))
      await startRegistry()
      images = kitImages("/kit")
      for (const { service, image } of images) if (service !== late) push(image)
    }, 600_000)
    afterAll(() => {
      registry?.kill()
    })

    async function startRegistry(): Promise<void> {
      registry = spawn("docker-registry", ["serve", "/srv/registry.yml"], { stdio: "ignore" })
      await eventually("the registry answers", async () => expect((await fetch(`http://${address}/v2/`)).status).toBe(200))
    }

    function push(image: string): void {
      docker("tag", image, inRegistry(image))
      docker("push", inRegistry(image))
      docker("rmi", inRegistry(image))
    }

    test("the kit of a registry takes the place of the other: one image that the registry lacks is named, and all goes on", async () => {
      rmSync(join(home, "images"), { recursive: true })
      cpSync("/kit-registry", home, { recursive: true, verbatimSymlinks: true })
      appendFileSync(join(home, ".env"), `${images.map(({ setting, image }) => `${setting}=${inRegistry(image)}\n`).join("")}`)
      const [missing] = images.filter(({ service }) => service === late)
      const before = allContainers()
      const text = refuses(
        deploy,
        `the image ${inRegistry(missing!.image)} (${late}) is not available: the registry says`,
        "1 thing stands",
      )
      expect(text).not.toContain("pulling")
      expect(allContainers()).toEqual(before)
      await healthy()
    })

    test("a registry that does not answer is named, and nothing is stopped", async () => {
      const before = allContainers()
      const ended = once(registry, "exit")
      registry.kill()
      await ended
      refuses(deploy, "the registry cannot be reached")
      expect(allContainers()).toEqual(before)
      await startRegistry()
    })

    test("all images are pulled on a machine without any, and the messages are there", async () => {
      push(images.find(({ service }) => service === late)!.image)
      works("clean")
      docker("rmi", "-f", ...new Set(docker("images", "-q", "--no-trunc").split("\n").filter(Boolean)))
      expect(docker("images", "-q")).toBe("")
      const began = Date.now()
      const text = works(...deploy, "--build-only")
      const wanted = [...new Set(images.map(({ image }) => inRegistry(image)))]
      for (const image of wanted) expect(text).toContain(`pulling ${image}\n`)
      expect(text).toContain(`image ${wanted.length} of ${wanted.length}: pulling`)
      keepFigure({ name: "images pulled", value: Math.round((Date.now() - began) / 1000), unit: "s" })
      works(...deploy)
      await healthy()
      await sameMessages()
    })

    test("a second deploy changes nothing", () => {
      const before = allContainers()
      expect(works(...deploy)).toContain("nothing to change")
      expect(allContainers()).toEqual(before)
    })
  })
}
