// Registries as callers write them, and where an image goes in them.

import { Problem } from "../../base/problem.js"
import { isRegistry, tagPattern } from "../../base/references.js"
import type { ImageEntry } from "../../catalogue/types.js"

/** The registries and tags of a call, as they were given. */
export interface PublishedTo {
  registries: string[]
  tags: string[]
}

/** One repository of one registry, with the tags that the image gets there. */
export interface PublishTarget {
  /** Host and port. */
  host: string
  repository: string
  tags: string[]
}

/**
 * A registry is a host (harbor.example.com:5000), which gets the catalogue's own name below it (openim/openim-server), or a
 * host with a namespace (ghcr.io/company/im), which takes the place of the catalogue's (ghcr.io/company/im/openim-server).
 */
export function publishTargets(component: ImageEntry, registries: string[], tags: string[]): PublishTarget[] {
  const given = registries.length > 0 ? registries : component.registry === undefined ? [] : [component.registry]
  if (given.length === 0) {
    throw new Problem(
      `${component.name} is private and the catalogue has no registry for it`,
      "name one, such as --registry=harbor.example.com/im",
    )
  }
  if (tags.length === 0) throw new Problem(`${component.name}: no tag is given`, "name one, such as --tags=v3.8.3")
  const wrong = tags.find((tag) => !tagPattern.test(tag))
  if (wrong !== undefined) throw new Error(`"${wrong}" cannot be a tag: letters, digits, ".", "_" and "-", at most 128`)
  return [...new Set(given)].map((registry) => ({ ...repositoryIn(registry, component.image), tags: [...new Set(tags)] }))
}

/** Under which names an image of this version is published: the version is the tag where the call names none. */
export function publishedReferences(component: ImageEntry, { registries, tags }: PublishedTo, version: string | undefined) {
  const targets = publishTargets(component, registries, tags.length > 0 || version === undefined ? tags : [version])
  return targets.flatMap(({ host, repository, tags }) => tags.map((tag) => ({ host, reference: `${repository}:${tag}` })))
}

export function repositoryIn(registry: string, image: string): { host: string; repository: string } {
  if (/^https?:/.test(registry)) {
    throw new Error(
      `--registry "${registry}": leave the scheme out, such as harbor.example.com/im; --plain-http is for registries without TLS`,
    )
  }
  const [, host, namespace] = /^([a-z0-9.-]+(?::\d+)?)((?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)\/?$/.exec(registry) ?? []
  if (host === undefined) {
    throw new Error(
      `"${registry}" is not a registry: expected HOST, HOST:PORT or HOST/NAMESPACE in lower case, such as harbor.example.com/im`,
    )
  }
  // Without a dot or a port Docker's rules take it for a name on Docker Hub.
  if (!isRegistry(host)) {
    throw new Error(`"${registry}" names no registry's host: docker.io/${registry} for Docker Hub, or HOST/${registry}`)
  }
  const name = namespace === "" ? image : image.split("/").at(-1)
  return { host, repository: `${host}${namespace}/${name}` }
}

/** A user without a password, or the other way round, would be tried as nobody. */
export function checkCredentials(username: boolean, password: boolean, config: boolean): void {
  if (config && (username || password)) throw new Error("give --registry-username and --registry-password, or --registry-config, not both")
  if (username && !password) throw new Error("--registry-username needs a password: --registry-password=env://REGISTRY_PASSWORD")
  if (password && !username) throw new Error("--registry-password needs a user: --registry-username=NAME")
}

/** What docker, regctl and cosign read credentials from. */
export function dockerConfig(host: string, username: string, password: string): string {
  const name = host === "docker.io" ? "https://index.docker.io/v1/" : host
  return JSON.stringify({ auths: { [name]: { auth: Buffer.from(`${username}:${password}`).toString("base64") } } })
}
