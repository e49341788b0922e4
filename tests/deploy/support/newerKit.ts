// A newer kit, as its user has it: the folder beside the one that runs, with an image of a service that is not the same.

import { createHash } from "node:crypto"
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { containerOf, docker } from "./machine.js"

interface Description {
  release: string
  settings: { name: string; default?: string }[]
  services: { name: string; imageSetting: string }[]
}

/** `change` is what docker commit does to the service's image, such as LABEL or ENTRYPOINT. */
export function newerKit(name: string, release: string, change: string, service = "server"): string {
  const folder = `/srv/${name}`
  rmSync(folder, { recursive: true, force: true })
  cpSync("/kit", folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.startsWith("/kit/images") && !path.startsWith("/kit/node"),
  })
  const description = JSON.parse(readFileSync(join(folder, "deployment.json"), "utf8")) as Description
  const wanted = description.services.find((one) => one.name === service)?.imageSetting
  const image = description.settings.find((setting) => setting.name === wanted)?.default
  if (image === undefined) throw new Error(`the kit names no image of ${service}`)
  const changed = `${image}-${name}`
  const container = docker("create", image)
  docker("commit", "--change", change, container, changed)
  docker("rm", container)
  for (const file of ["deployment.json", "docker-compose.prod.yml", "env.template"]) {
    const text = readFileSync(join(folder, file), "utf8").replaceAll(image, changed)
    writeFileSync(
      join(folder, file),
      file === "deployment.json" ? text.replace(JSON.stringify(description.release), JSON.stringify(release)) : text,
    )
  }
  writeFileSync(
    join(folder, "SHA256SUMS"),
    files(folder)
      .map((file) => `${sha256(join(folder, file))}  ${file}\n`)
      .join(""),
  )
  return folder
}

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file !== "SHA256SUMS" && statSync(join(folder, file)).isFile())
    .sort()

const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex")

/** The image that the service's containers were made from. */
export const imageOf = (service: string): string => docker("inspect", "--format", "{{.Config.Image}}", containerOf(service))
