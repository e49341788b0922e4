/**
 * Builds OpenIM Server as container images: one with all services, and one for each service.
 *
 * Sources, toolchains and base images come from registries where they can be had, from package registries where not.
 */
import { argument, check, type Container, type Directory, type File, func, object, type Platform } from "@dagger.io/dagger"
import { unknownName } from "./catalogue/nearest.js"
import { loadCatalogue } from "./catalogue/load.js"
import { componentBinaries, componentImage } from "./graph/components.js"
import type { Settings } from "./graph/settings.js"
import { checkPlatform } from "./plan/components.js"
import { readMirrors } from "./plan/mirrors.js"
import { bytesFrom } from "./plan/origins.js"

@object()
export class Openim {
  private stack: string
  private source?: Directory
  private bases: string
  private base: string
  private goproxy?: string
  private mirrors: string[]
  private catalogue?: Directory

  constructor(
    /** The catalogue to build from: a folder below stacks/ */
    stack: string = "openim",
    /** A checkout that replaces the pinned source */
    @argument({ ignore: [".git/**", "!.git/HEAD", "!.git/refs/heads", "_output", "logs", "node_modules"] })
    source?: Directory,
    /** Where bytes come from: auto, registry or packages (package registries only) */
    bases: string = "auto",
    /** Base of the final images: debian, anolis, openeuler or alpine */
    base: string = "debian",
    /** Go module proxy, as GOPROXY understands it */
    goproxy?: string,
    /** Package mirrors as FAMILY=ADDRESS with family apt, dnf, zypper or apk, tried in order */
    mirrors: string[] = [],
    /** A folder with stack.yaml and versions.yaml that replaces the one of the stack */
    catalogue?: Directory,
  ) {
    this.stack = stack
    this.source = source
    this.bases = bases
    this.base = base
    this.goproxy = goproxy
    this.mirrors = mirrors
    this.catalogue = catalogue
  }

  /** The image of a component, such as server (all services) or server-api */
  @func({ cache: "168h" })
  async build(
    /** The component's name; `components` lists them */
    component: string,
    /** Only linux/amd64 */
    platform: Platform = "linux/amd64" as Platform,
    /** multicall (one binary that picks by name) or separate */
    programs: string = "multicall",
    /** go, or mage to build by the source's magefile */
    builder: string = "go",
    /** Another version than the pinned one, such as v3.8.2 */
    version?: string,
  ): Promise<Container> {
    checkPlatform(platform)
    const wish = { component, base: this.base, layout: layoutOf(programs), builder: builderOf(builder) }
    return componentImage(await this.settings(version), wish)
  }

  /** The binaries of a component */
  @func({ cache: "168h" })
  async binaries(
    /** The component's name; `components` lists them */
    component: string,
    /** multicall (one binary that picks by name) or separate */
    programs: string = "multicall",
    /** go, or mage to build by the source's magefile */
    builder: string = "go",
    /** Another version than the pinned one, such as v3.8.2 */
    version?: string,
  ): Promise<Directory> {
    const wish = { component, base: this.base, layout: layoutOf(programs), builder: builderOf(builder) }
    return componentBinaries(await this.settings(version), wish)
  }

  private async settings(version?: string | null): Promise<Settings> {
    const folder = this.catalogue
    return {
      catalogue: await loadCatalogue(this.stack, folder ? (name) => folder.file(name).contents() : undefined),
      from: bytesFrom(this.bases, process.env.DAGGER_BASES),
      checkout: this.source ?? undefined,
      version: version ?? undefined,
      goproxy: this.goproxy ?? undefined,
      mirrors: readMirrors(this.mirrors),
    }
  }
}

function layoutOf(value: string): "multicall" | "separate" {
  if (value === "multicall" || value === "separate") return value
  throw unknownName("value of --programs", value, ["multicall", "separate"])
}

function builderOf(value: string): "go" | "mage" {
  if (value === "go" || value === "mage") return value
  throw unknownName("value of --builder", value, ["go", "mage"])
}
