// A kit with other versions of some services: what `update --version` makes of the kit that runs.

import { Problem } from "../../base/problem.js"
import { referenceParts, tagPattern } from "../../base/references.js"
import { compareVersions } from "../../base/versionNumbers.js"
import type { Deployment } from "./model.js"
import { serviceNamed } from "./stages.js"
import { imageVersion } from "./versionRules.js"

/** An image that takes the place of another one. */
export interface OtherImage {
  service: string
  from: string
  to: string
}

/** The images that `server=v3.8.4,chat=v1.8.5` asks for; a version alone is that of the service that the release begins with. */
export function otherImages(deployment: Deployment, settings: Record<string, string>, words: string): OtherImage[] {
  const wanted = words
    .split(",")
    .filter(Boolean)
    .map((word) => {
      const [name, tag] = word.includes("=")
        ? [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]
        : [mainService(deployment), word]
      return { name, tag }
    })
  const names = wanted.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (wanted.length === 0 || twice !== undefined)
    throw new Problem(
      twice === undefined ? "--version names no version" : `--version names ${twice} twice`,
      "--version=server=v3.8.4,chat=v1.8.5",
    )
  return wanted.map(({ name, tag }) => otherImage(deployment, settings, name, tag))
}

function mainService({ release, services }: Deployment): string {
  const [first = ""] = release.split(" ")
  if (services.some(({ name }) => name === first)) return first
  throw new Problem("--version does not say of which service", `--version=${services[0]?.name}=VERSION`)
}

function otherImage(deployment: Deployment, settings: Record<string, string>, name: string, tag: string): OtherImage {
  const { imageSetting } = serviceNamed(deployment, name)
  if (!tagPattern.test(tag))
    throw new Problem(`"${tag}" is not a version of ${name}`, `a tag of its image, such as --version=${name}=v3.8.4`)
  const from = deployment.settings.find((setting) => setting.name === imageSetting)?.default
  if (from === undefined) throw new Problem(`this kit names no image of ${name}`, `set ${imageSetting} in .env, then openimctl deploy`)
  if (settings[imageSetting] !== from)
    throw new Problem(
      `.env names the image of ${name}: ${imageSetting}=${settings[imageSetting]}`,
      `remove that line from .env, or change it and deploy`,
    )
  const to = `${referenceParts(from)?.path}:${tag}`
  if (to === from) throw new Problem(`${name} is ${tag} already`, "nothing to update")
  const [before, after] = [imageVersion(from), imageVersion(to)]
  if (before !== undefined && after !== undefined && compareVersions(after, before) < 0)
    throw new Problem(`${name} ${after} is older than ${before}`, "openimctl rollback goes back to a release that ran here")
  return { service: name, from, to }
}

/** A text of the kit that names images. The same reference with a longer tag is another one. */
export function withImages(text: string, images: OtherImage[]): string {
  return images.reduce((changed, { from, to }) => {
    const literal = from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    return changed.replace(new RegExp(`${literal}(?![\\w.@-])`, "g"), () => to)
  }, text)
}

/** The deployment with other images. What was tested together stays what it was. */
export function withOtherVersions(deployment: Deployment, images: OtherImage[]): Deployment {
  const changed = JSON.parse(withImages(JSON.stringify(deployment), images)) as Deployment
  const tested = Object.fromEntries(images.map(({ service, from }) => [service, from]))
  return { ...changed, release: releaseWith(deployment.release, images), tested: { ...tested, ...deployment.tested } }
}

/** `server v3.8.3, chat v1.8.4` with another version, or one more. */
function releaseWith(release: string, images: OtherImage[]): string {
  return images.reduce((text, { service, to }) => {
    const parts = text.split(", ")
    const named = `${service} ${referenceParts(to)?.tag}`
    const at = parts.findIndex((part) => part.startsWith(`${service} `))
    return (at < 0 ? [...parts, named] : parts.map((part, number) => (number === at ? named : part))).join(", ")
  }, release)
}
