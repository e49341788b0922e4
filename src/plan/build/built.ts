// What a call has made, in words for its log, and how to go on.

export interface BuiltWords {
  component: string
  /** openim/openim-server */
  image: string
  /** The version that the image says of itself. */
  version: string
  /** Its base by its reference. */
  base: string
  /** Of the files, not compressed. */
  megabytes?: number
}

/** The last lines of a build: what a newcomer has, and the commands that go on. */
export function builtImageWords({ component, image, version, base, megabytes }: BuiltWords): string[] {
  return [
    `built ${component}: ${image}:${version}${megabytes === undefined ? "" : `, ${megabytes} MB`}, on ${base.replace(/@sha256:.*/, "")}. Go on with the same options:`,
    `  ./daggerw call archive --component=${component} export --path=${component}.tar   # a file for docker load -i ${component}.tar`,
    `  ./daggerw call build --component=${component} export-image --name=${image.split("/").at(-1)}   # into Docker, podman or nerdctl here`,
    `  ./daggerw call publish --component=${component} --registry=HOST/NAMESPACE   # to a registry, tested first`,
  ]
}

export function builtProgramsWords(component: string, programs: string[]): string[] {
  const count = programs.length === 1 ? "1 program" : `${programs.length} programs`
  return [
    `built ${component}: ${count} (${programs.slice(0, 3).join(", ")}${programs.length > 3 ? ", …" : ""}). Go on with export --path=bin`,
  ]
}

export function builtArchiveWords(names: string[], digest: string): string[] {
  return [
    `the archive holds ${names.join(" and ")}, ${digest}. Go on with export --path=FILE, then docker load -i FILE, podman load -i FILE or skopeo copy oci-archive:FILE …`,
  ]
}

/**
 * The names that an image has in an archive. Only the pinned version is the latest one, so that a source of somebody's never takes
 * its name. Where packages decide on the version, there is no other.
 */
export function archiveNames(image: string, version: string, pinned: string | undefined): string[] {
  const tag = version.replace(/[^A-Za-z0-9_.-]+/g, "-")
  return version === (pinned ?? version) ? [`${image}:${tag}`, `${image}:latest`] : [`${image}:${tag}`]
}
