// Image references, written in full: docker.io/library/debian:trixie-slim for what people call debian:trixie-slim.

import { textBefore } from "./text.js"

export interface ImageName {
  /** With registry, without tag and digest. */
  name: string
  /** The tag, where there is one or nothing else says which image it is. */
  tag?: string
  digest?: string
}

export const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
export const digestPattern = /^sha256:[0-9a-f]{64}$/

const inside = ({ source }: RegExp) => source.slice(1, -1)
const part = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*"
const host = "[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\\d+)?"
const pattern = new RegExp(`^((?:${host}/)?${part}(?:/${part})*)(?::(${inside(tagPattern)}))?(?:@(${inside(digestPattern)}))?$`)

/** The parts of a reference as it is written; undefined for what is not one. */
export function referenceParts(text: string): { path: string; tag?: string; digest?: string } | undefined {
  const [, path, tag, digest] = pattern.exec(text) ?? []
  return path === undefined ? undefined : { path, tag, digest }
}

/** By Docker's rules a first part with a dot or a port is a registry; others are names on Docker Hub. */
export function isRegistry(host: string): boolean {
  return /[.:]/.test(host) || host === "localhost"
}

/** The registry that a path begins with, where it names one. */
export function registryOf(path: string): string | undefined {
  const host = textBefore(path, "/")
  return host !== path && isRegistry(host) ? host : undefined
}

/** No registry is Docker Hub, no tag is latest. */
export function readReference(text: string): ImageName {
  const parts = referenceParts(text)
  if (parts === undefined) {
    throw new Error(`"${text}" is not an image: expected NAME:TAG or NAME@sha256:…, such as alpine:3.22 or quay.io/coreos/etcd:v3.5.21`)
  }
  const { path, tag, digest } = parts
  const [first = "", ...rest] = path.split("/")
  const named = rest.length > 0 && (isRegistry(first) || /[A-Z]/.test(first))
  const [registry, below] = named ? [first, rest.join("/")] : ["docker.io", path]
  const hub = registry === "docker.io" || registry === "index.docker.io"
  const name = hub ? `docker.io/${below.includes("/") ? below : `library/${below}`}` : `${registry}/${below}`
  return { name, tag: tag ?? (digest === undefined ? "latest" : undefined), digest }
}

export function fullReference(text: string): string {
  const { name, tag, digest } = readReference(text)
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`
}
