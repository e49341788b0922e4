// What an image was made from, as an in-toto statement with SLSA's provenance (https://slsa.dev/spec/v1.0/provenance).
// Without times and addresses of the build: the same image built twice has the same statement.

import { type ImageInputs, recordedInputs } from "../build/inputs.js"
import { toolchains } from "../toolchains/toolchains.js"
import type { ProvenanceResource, ProvenanceSource } from "./resources.js"

export interface ProvenanceOf {
  stack: string
  /** As it was asked for. */
  request: { component: string; base: string; layout: string; builder: string }
  image: string
  /** The image's manifest, sha256:… */
  digest: string
  inputs: Partial<ImageInputs>
  /** Absent for images without their own source. */
  source?: ProvenanceSource
  /** Of a server that is installed: its archive, tools and packages. */
  installed?: ProvenanceResource[]
  /** A URI of who ran the build. */
  builderId: string
}

export const statementType = "application/vnd.in-toto+json"
export const provenanceType = "https://slsa.dev/provenance/v1"
export const buildType = "urn:dagger:module:openim:build"

/** Who the builder is where nobody says: this module, on any machine. */
export const defaultBuilder = "urn:dagger:module:openim"

export function checkBuilder(id: string): void {
  if (/^[a-z][a-z0-9+.-]*:\S+$/i.test(id)) return
  throw new Error(`--builder-id "${id}": expected a URI such as https://github.com/ORG/REPO/.github/workflows/server.yml@refs/heads/main`)
}

export function provenance(of: ProvenanceOf): object {
  const { layout, ...request } = of.request
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: of.image, digest: sha256(of.digest) }],
    predicateType: provenanceType,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { stack: of.stack, ...request, programs: layout, version: of.source?.version },
        internalParameters: { inputs: recordedInputs(of.inputs) },
        resolvedDependencies: [...sourceResources(of), ...(of.installed ?? []), ...toolchainResources(of), ...baseResources(of.inputs)],
      },
      runDetails: { builder: { id: of.builderId } },
    },
  }
}

function sourceResources({ source }: ProvenanceOf): ProvenanceResource[] {
  if (source === undefined) return []
  const { url, version, revision, custom } = source
  if (custom) return [{ uri: `git+${url}`, annotations: { custom: true, version, revision } }]
  const commit = revision !== undefined && /^[0-9a-f]{40}$/.test(revision) ? { digest: { gitCommit: revision } } : {}
  return [{ uri: `git+${url}@refs/tags/${version}`, ...commit }]
}

/** The source as its registry has it, and what compiled it: an installed server may have neither. */
function toolchainResources({ source, inputs: { toolchain } }: ProvenanceOf): ProvenanceResource[] {
  if (toolchain === undefined) return []
  return toolchains[toolchain.name]?.provenance(toolchain.version, source?.custom ? undefined : source) ?? []
}

/** As BuildKit names images; with the digest that was pulled. */
function baseResources({ base }: Partial<ImageInputs>): ProvenanceResource[] {
  if (!base) return []
  const [name = "", digest] = base.split("@")
  const tagged = name.replace(/^docker\.io\/(library\/)?/, "").replace(/:([^:/]+)$/, "@$1")
  return [{ uri: `pkg:docker/${tagged}?platform=linux%2Famd64`, ...(digest && { digest: sha256(digest) }) }]
}

function sha256(digest: string): Record<string, string> {
  return { sha256: digest.replace(/^sha256:/, "") }
}
