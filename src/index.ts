/**
 * Builds, tests and publishes OpenIM as container images: the server, chat, each of their programs, MongoDB and Redis.
 *
 * Sources, toolchains and base images come from registries where they can be had, from package registries where not. Options of
 * the whole call stand before the function's name (./daggerw takes them anywhere); those that a site always needs belong in a file
 * .env beside dagger.json.
 */
import { randomUUID } from "node:crypto"
import {
  argument,
  type Changeset,
  check,
  type Container,
  dag,
  type Directory,
  type File,
  func,
  generate,
  object,
  type Platform,
  type Secret,
  type Service,
  type Socket,
} from "@dagger.io/dagger"
import { unknownName } from "./base/nearest.js"
import type { Catalogue } from "./catalogue/types.js"
import { checkNeeds } from "./graph/bundle/needs.js"
import { compareBundle, lockedVersions } from "./tasks/bundleCheck.js"
import { withArchiveSum } from "./graph/build/archives.js"
import { imageProvenance, imageSbom } from "./graph/publish/attachments.js"
import { sayArchive, sayImage, sayPrograms } from "./graph/build/built.js"
import { baseImagesReport } from "./graph/images/baseImages.js"
import { type BuildOptions, type BuildWish, componentBinaries, componentImage } from "./graph/build/components.js"
import { manifestsOf } from "./graph/build/customSources.js"
import { imageLayout, layoutArchive } from "./graph/build/layouts.js"
import { choiceOf, detectedProxy, fetchedFrom, mirrorEntries, packageMirrors } from "./graph/call/mirrors.js"
import { earlierImages, planInputs } from "./tasks/plan.js"
import { prewarmed } from "./graph/bundle/prewarm.js"
import { readAccess } from "./graph/publish/registries.js"
import { releaseAll, releaseImage } from "./tasks/release.js"
import { scanImage } from "./graph/publish/scans.js"
import type { Bundle, CustomSource, Settings } from "./graph/call/settings.js"
import { readSigning, signImages, type SigningKey, verifyImages } from "./graph/publish/signing.js"
import { type Site, siteSettings } from "./graph/call/site.js"
import { dockerfileArguments } from "./graph/toolchains/toolchains.js"
import { planGaps } from "./graph/versions/sourceParts.js"
import { stackFront } from "./graph/stack/stack.js"
import { bumpChanges, type BumpPlace, updatesReport, versionsReport } from "./tasks/versions.js"
import { wholeRelease } from "./tasks/wholeRelease.js"
import { askEvery } from "./mirrors/choice.js"
import { bundleTable } from "./plan/bundle/check.js"
import { type BundleWish, prewarmWish, stackServices } from "./plan/bundle/items.js"
import { baseOf, checkPlatform, imageOf } from "./plan/build/components.js"
import { checkGitAddress, customSourceName, sourcePath } from "./plan/build/customSource.js"
import { dockerfile, dockerfiles } from "./plan/dockerfile/dockerfile.js"
import { readBuildArguments } from "./plan/images/dockerfileArguments.js"
import { atLeast, checkSeverity, findingsTable } from "./plan/supplychain/findings.js"
import { type Gate, gateNeeds, readGate } from "./plan/publish/gates.js"
import { checkBuilder, defaultBuilder } from "./plan/supplychain/provenance.js"
import { installOf } from "./plan/packages/installed.js"
import { checkMirrorFormat, fetchedLines, mirrorReport } from "./plan/call/mirrorReports.js"
import { readChannel } from "./plan/versions/order.js"
import { prewarmTable } from "./plan/bundle/prewarm.js"
import { pinnedVersion, publishedAs } from "./plan/publish/publishedAs.js"
import { publishedTable } from "./plan/publish/publishing.js"
import { chosenComponents, readExpected, type ReleasedComponent, releasedTable } from "./plan/publish/released.js"
import { componentTable, planRows, planTable, readPlanRecord, recordedRow } from "./plan/publish/planRows.js"
import { sbomFormat } from "./plan/supplychain/sbom.js"
import { runnableGroups } from "./plan/stack/services.js"
import { countsOf } from "./plan/tests/suites.js"
import { suitesText } from "./plan/tests/text.js"
import { checkVersionName } from "./plan/build/versionNames.js"
import { knownBuilder } from "./plan/toolchains/toolchains.js"
import { ReleaseResult } from "./objects/releaseResult.js"
import { Services } from "./objects/services.js"
import { runSuites } from "./suites/all.js"
import { reportFolder, type TestResult } from "./suites/together.js"

@object()
export class Openim {
  private stackName: string
  private source?: Directory
  private git?: string
  private gitRef: string
  private gitUser?: string
  private gitToken?: Secret
  private gitSsh?: Socket
  private gitKnownHosts?: string
  private overlay?: Directory
  private sourceOf?: string
  private bases: string
  private base: string
  private goproxy?: string
  private mirrorList: string[]
  private catalogue?: Directory
  private upstreams: string[]
  private bundle?: Directory
  private programsLayout: string
  private goPrivate?: string
  private goNosumdb?: string
  private goInsecure?: string
  private netrc?: Secret
  private sourceFolder?: string

  constructor(
    /** The catalogue to build from, by the name of its folder below stacks/ */
    stack: string = "openim",
    /** A checkout to build instead of the pinned source, such as ../open-im-server. Its go.mod chooses the version of Go */
    @argument({ ignore: [".git/**", "!.git/HEAD", "!.git/packed-refs", "!.git/refs/heads", "_output/**", "!_output/**/*.go", "node_modules/**", "!node_modules/**/*.go", "logs/**/*.log", "logs/**/*.log.*", "logs/**/*.20[0-9][0-9]-*"] })
    source?: Directory,
    /** A git repository to build instead of the pinned source, which may be private: https://git.example.com/im/chat.git or git@git.example.com:im/chat.git */
    git?: string,
    /** The branch, tag or commit of --git */
    gitRef: string = "HEAD",
    /** The user for --git-token, where the server does not take any name (GitHub and GitLab do) */
    gitUser?: string,
    /** A token or password that may read --git, such as env://GIT_TOKEN */
    gitToken?: Secret,
    /** An SSH agent that may read --git: $SSH_AUTH_SOCK */
    gitSsh?: Socket,
    /** The host keys of --git's SSH server, as lines of known_hosts: what ssh-keyscan HOST prints, compared with what the server's owner publishes. An SSH address needs them */
    gitKnownHosts?: string,
    /** Changes on top of the source: files that take the places of its own, and patches/*.patch, applied first in the order of their names */
    overlay?: Directory,
    /** Which source --source, --git or --overlay stands for: server or chat. Found from its go.mod or from the component when not given */
    sourceOf?: string,
    /** Where base images, Go and sources are looked for first: registry (images, git), packages (Debian, the Go module proxy), or auto, which asks the engine how it was made itself */
    bases: string = "auto",
    /** Base of the final images: debian, anolis, openeuler or alpine, or one of them with another tag of its image, such as alpine:3.19. All but debian need a registry that has them */
    base: string = "debian",
    /** Go module proxies in order, as GOPROXY understands them, such as https://goproxy.cn,direct: goes before every mirror of --mirrors. Go's own default when neither is given */
    goproxy?: string,
    /** Mirrors in order, asked before the usual addresses: presets (china, or aliyun, tuna, ustc, tencent, huawei) and FAMILY=ADDRESS, mixed at will, such as china or aliyun,go=https://goproxy.example. Families: apt, dnf, zypper, apk (packages of images), docker (Docker Hub, as HOST or HOST/PATH), go, npm, maven, pypi, cargo, archive (a folder that has MongoDB's archive under its own name). Each call asks those that it needs whether they answer; the function mirrors tells */
    mirrors: string[] = [],
    /** A folder with a custom stack.yaml and versions.yaml, instead of those of the stack. docs/catalogue.md lists their keys */
    catalogue?: Directory,
    /** Other addresses of sources, which versions are asked from and builds take commits from, and of referenced images: NAME=ADDRESS, such as server=https://gitee.com/openimsdk/open-im-server or web=registry.example/openim/openim-web-front */
    upstreams: string[] = [],
    /** An offline bundle, the folder that prewarm made: everything comes from it and nothing from the network. It must hold what the call needs; a missing or damaged file is told before anything is built */
    @argument({ ignore: ["host"] })
    bundle?: Directory,
    /** How programs become binaries in every image: multicall, one for all, which picks by the name it is called by (50 MB in all, where separate ones weigh 50 to 80 MB each), or separate, one for each. Programs that cannot be one, or do not start as one, are built separately automatically */
    programs: string = "multicall",
    /** Modules that are asked from their own git servers and not from proxies or Go's checksum database, as GOPRIVATE takes them: git.example.com/im,*.corp.example.com */
    goPrivate?: string,
    /** Modules that Go's checksum database is not asked about, as GONOSUMDB takes them: for those that a private proxy has */
    goNosumdb?: string,
    /** Modules whose servers may be asked without TLS, as GOINSECURE takes them */
    goInsecure?: string,
    /** Users and passwords of module proxies and git servers, as a netrc file: file://$HOME/.netrc, with lines such as machine git.example.com login USER password TOKEN. Ends in no layer and no log */
    netrc?: Secret,
    /** The folder of go.mod where it is not the top one of --source or --git, such as services/im: all of the repository is there for the build, so that ../shared is found. Overlays are for this folder */
    sourcePath?: string,
  ) {
    this.stackName = stack
    this.source = source
    this.git = git
    this.gitRef = gitRef
    this.gitUser = gitUser
    this.gitToken = gitToken
    this.gitSsh = gitSsh
    this.gitKnownHosts = gitKnownHosts
    this.overlay = overlay
    this.sourceOf = sourceOf
    this.bases = bases
    this.base = base
    this.goproxy = goproxy
    this.mirrorList = mirrors
    this.catalogue = catalogue
    this.upstreams = upstreams
    this.bundle = bundle
    this.programsLayout = programs
    this.goPrivate = goPrivate
    this.goNosumdb = goNosumdb
    this.goInsecure = goInsecure
    this.netrc = netrc
    this.sourceFolder = sourcePath
  }

  /**
   * Builds the image of a component: server (all services under a supervisor), one of its programs, such as server-api, or a
   * server that it needs: mongodb, redis.
   *
   * Gives a container: go on with export --path=server.tar, export-image --name=openim-server, publish --address=… or terminal.
   * Fails with one message when the component is unknown, the source cannot be had or does not compile; what was built until
   * then is kept for the next call
   */
  @func({ cache: "session" })
  async build(
    /** The component's name; the function components lists all */
    component: string,
    /** The image's platform: linux/amd64, the only one there is */
    platform: Platform = "linux/amd64" as Platform,
    /** multicall: one binary for all programs, which picks by the name it is called by; separate: one for each. What --programs before the function's name says when not given */
    programs?: string,
    /** go, or mage: by the source's own magefile. By its toolchain alone when not given */
    builder?: string,
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
  ): Promise<Container> {
    checkPlatform(platform)
    const wish = { component, base: this.base, layout: layoutOf(programs ?? this.programsLayout), builder: knownBuilder(builder) }
    const settings = await this.settings(version, component)
    const image = await componentImage(settings, wish)
    await sayImage(settings, wish, image)
    return image.container
  }

  /**
   * The image of a component as one file, rewritten so that its digest is the same on every machine: this is what publish pushes.
   * For docker load, podman load, skopeo, regctl, which know it by its usual name and version, and the pinned version as latest, too.
   * Gives a file: go on with export --path=server.tar. Fails as build does
   */
  @func({ cache: "session" })
  async archive(
    /** The component's name; the function components lists all */
    component: string,
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
  ): Promise<File> {
    const { settings, image, layout } = await this.built(component, version)
    return layoutArchive(settings, layout, await sayArchive(settings, component, image, layout))
  }

  /** The digest of a component's image, as publish and archive have it: the same source, Go and base give the same one everywhere */
  @func({ cache: "session" })
  async digest(
    /** The component's name; the function components lists all */
    component: string,
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
  ): Promise<string> {
    return (await this.built(component, version)).layout.digest
  }

  /** Builds the programs of a component without an image. Gives a directory: go on with export --path=bin or entries */
  @func({ cache: "session" })
  async binaries(
    /** The component's name; the function components lists all */
    component: string,
    /** multicall: one binary for all programs, which picks by the name it is called by; separate: one for each. What --programs before the function's name says when not given */
    programs?: string,
    /** go, or mage: by the source's own magefile. By its toolchain alone when not given */
    builder?: string,
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
  ): Promise<Directory> {
    const wish = { component, base: this.base, layout: layoutOf(programs ?? this.programsLayout), builder: knownBuilder(builder) }
    const folder = await componentBinaries(await this.settings(version, component), wish)
    await sayPrograms(wish, folder)
    return folder
  }

  /**
   * Tells for each component what would be done: build or skip, why, from which source, Go and base. Compares with what the
   * registries have under the version's tag (images carry their inputs as a label), or with a record. Warns of programs of a source
   * that are in no image. Builds nothing; gives text
   */
  @func({ cache: "never" })
  async plan(
    /** table, or json for programs (and for a later --record) */
    format: string = "table",
    /** What was built or published earlier, instead of asking registries: the json of a plan, or a release's state */
    record?: File,
    /** Registries to ask instead of each component's own: HOST or HOST/NAMESPACE, such as harbor.example.com/im */
    registry: string[] = [],
    /** The registries' user */
    username?: string,
    /** The user's password or token, such as env://REGISTRY_PASSWORD */
    password?: Secret,
    /** A docker config.json with the users of several registries, such as file://$HOME/.docker/config.json */
    registryConfig?: Secret,
    /** A certificate (PEM) of the authority behind the registries' own, where public ones do not do */
    ca?: File,
    /** The registries speak HTTP without TLS */
    plainHttp: boolean = false,
    /** A service that answers under the registries' host name, such as tcp://localhost:5000 for a tunnel on this machine */
    registryService?: Service,
  ): Promise<string> {
    const access = await readAccess({ username, password, config: registryConfig, ca, plainHttp, service: registryService })
    const settings = await this.settings()
    const inputs = await planInputs(settings, this.options())
    const where = { registries: registry, tags: [], access, mark: randomUUID() }
    const rows = planRows(inputs, record ? readPlanRecord(await record.contents()) : await earlierImages(settings, inputs, where))
    const [fetched, gaps] = await Promise.all([fetchedFrom(settings), planGaps(settings)])
    const lines = () => planTable(rows) + gaps.map((gap) => `${gap}\n`).join("") + fetchedLines(fetched)
    return formatted(format, lines, { stack: this.stackName, rows: rows.map(recordedRow), warnings: gaps, ...fetched })
  }

  /**
   * Builds what the plan says, all at once, and tests each image; one that fails does not keep the others from being built. What
   * was built is kept: build and archive give it at once. Gives a table; ends with an error when something failed
   */
  @func({ cache: "never" })
  async buildAll(
    /** Only these. When none is named: all whose mode is auto or incremental (the function components tells) */
    components: string[] = [],
    /** What was built earlier: the json of a plan. What is the same is skipped; without it everything is built */
    record?: File,
    /** Do not go on once something failed */
    failFast: boolean = false,
  ): Promise<string> {
    const names = chosenComponents((await siteSettings(this.site())).catalogue, components)
    const settings = await this.settings(undefined, undefined, { components: names })
    const inputs = await planInputs(settings, this.options(), names)
    const rows = planRows(inputs, record ? readPlanRecord(await record.contents()) : {})
    return succeeded(await releaseAll(settings, rows, this.options(), failFast))
  }

  /**
   * Builds the image of a component, tests it (--gate) and pushes it with its list of contents and its provenance to one or several
   * registries: nothing is pushed when a test fails, no registry gets a tag before all have the content, and what is there
   * already is not pushed again. Failures of the network are tried again after 2, 8 and 30 s.
   *
   * Gives a table of the images with their digests, the same on every machine, and the tests that they passed
   */
  @func({ cache: "never" })
  async publish(
    /** The module's own checkout, for the tests that run on a stack */
    @argument({ defaultPath: "/", ignore: ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"] })
    checkout: Directory,
    /** The component's name; the function components lists all */
    component: string,
    /** Where to: HOST gets the catalogue's name below it (harbor.example.com:5000 → …/openim/openim-server), HOST/NAMESPACE the last part of it (ghcr.io/me → ghcr.io/me/openim-server). The component's own registry when none is named; private components have none */
    registry: string[] = [],
    /** The image's version when none is named */
    tags: string[] = [],
    /** The registries' user */
    username?: string,
    /** The user's password or token, such as env://REGISTRY_PASSWORD */
    password?: Secret,
    /** A docker config.json with the users of several registries, such as file://$HOME/.docker/config.json */
    registryConfig?: Secret,
    /** A certificate (PEM) of the authority behind the registries' own, where public ones do not do */
    ca?: File,
    /** The registries speak HTTP without TLS */
    plainHttp: boolean = false,
    /** A service that answers under the registries' host name, such as tcp://localhost:5000 for a tunnel on this machine */
    registryService?: Service,
    /** A private key of cosign to sign the images with, such as file://cosign.key. Without it nothing is signed */
    signKey?: Secret,
    /** The key's own password, such as env://COSIGN_PASSWORD */
    signPassword?: Secret,
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
    /** What the image must pass before it is pushed. integration: what runs in the stack (server, chat, redis, mongodb) runs there, as the very image that is pushed, and the integration suite passes; a single program answers its smoke test. smoke: only the test of the image alone. all: integration, health, performance and faults. none: nothing, with a warning */
    gate: string = "integration",
    /** The digest that was tested before, as digest prints it (sha256:…): another image is not pushed. Any when not given */
    expect?: string,
  ): Promise<string> {
    const asked = readGate(gate)
    const access = await readAccess({ username, password, config: registryConfig, ca, plainHttp, service: registryService })
    const signing = await readSigning(signKey, signPassword)
    const settings = await this.settings(version, component, await this.publishingNeeds([component], asked, signing))
    const expected = readExpected(settings.catalogue, expect ? [`${component}=${expect}`] : [])
    const order = { registries: registry, tags, access, signing, mark: randomUUID(), gate: asked, checkout, expected }
    const { tags: published, tested } = await releaseImage(settings, this.wish(component), order)
    return `${publishedTable(published)}\ntested before it was pushed: ${tested}\n`
  }

  /**
   * Releases components: looks for newer versions, builds what is not published yet from the same inputs, tests it, publishes it,
   * and gives the newer versions as changes to keep. One component's failure leaves the others alone, but then nothing is bumped
   * and the call ends with an error; what was published is skipped by the next call.
   *
   * Go on with report (a table), changes (the pins, for -y) or state (a record for plan). Each of them releases first
   */
  @func({ cache: "never" })
  async release(
    /** The checkout whose pins change, with the tests that run on a stack */
    @argument({ defaultPath: "/", ignore: ["*", "!stacks", "!compose", "!dockerfiles/*.Dockerfile", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"] })
    checkout: Directory,
    /** Only these. When none is named: all whose mode is auto or incremental (the function components tells); manual ones must be named */
    components: string[] = [],
    /** Which newer versions to take: stable, patch, alpha (see versions), or pinned for none */
    channel: string = "patch",
    /** Where to: HOST or HOST/NAMESPACE, see publish. Each component's own registry when none is named */
    registry: string[] = [],
    /** The image's version when none is named */
    tags: string[] = [],
    /** The registries' user */
    username?: string,
    /** The user's password or token, such as env://REGISTRY_PASSWORD */
    password?: Secret,
    /** A docker config.json with the users of several registries, such as file://$HOME/.docker/config.json */
    registryConfig?: Secret,
    /** A certificate (PEM) of the authority behind the registries' own, where public ones do not do */
    ca?: File,
    /** The registries speak HTTP without TLS */
    plainHttp: boolean = false,
    /** A service that answers under the registries' host name, such as tcp://localhost:5000 for a tunnel on this machine */
    registryService?: Service,
    /** A private key of cosign to sign the images with, such as file://cosign.key. Without it nothing is signed */
    signKey?: Secret,
    /** The key's own password, such as env://COSIGN_PASSWORD */
    signPassword?: Secret,
    /** What was published earlier, instead of asking registries: a release's state */
    record?: File,
    /** Do not publish anything more once something failed */
    failFast: boolean = false,
    /** The day of the changelog's section, such as 2025-01-31. Without it the change stands under Unreleased */
    date?: string,
    /** What images must pass before they are pushed: integration, smoke, all or none, see publish. One stack serves all components of this call */
    gate: string = "integration",
    /** Digests that were tested before, COMPONENT=sha256:… as digest prints them: a component that is built with another one is not pushed */
    expect: string[] = [],
  ): Promise<ReleaseResult> {
    const asked = readGate(gate)
    const access = await readAccess({ username, password, config: registryConfig, ca, plainHttp, service: registryService })
    const signing = await readSigning(signKey, signPassword)
    const { catalogue } = await siteSettings(this.site())
    const names = chosenComponents(catalogue, components)
    const expected = readExpected(catalogue, expect)
    const pinned = await this.settings(undefined, components[0], await this.publishingNeeds(names, asked, signing))
    const order = { registries: registry, tags, access, signing, mark: randomUUID(), gate: asked, checkout, expected }
    const wish = { names, channel, date: date ?? undefined, record: await record?.contents(), failFast }
    const { released, record: state, changes } = await wholeRelease(pinned, this.options(), this.place(checkout), wish, order)
    return new ReleaseResult(succeeded(released), state, changes)
  }

  /**
   * Asks every mirror of --mirrors: which answer, how fast, which are refused and why, and what is used. Tells the HTTP proxy too, if
   * the engine has one. Gives text
   */
  @func({ cache: "never" })
  async mirrors(
    /** table; json for programs; env: lines for an environment (GOPROXY, npm_config_registry, PIP_INDEX_URL, and what ./daggerw takes); docker: for the daemon's daemon.json; cargo: for Cargo's config.toml, as no variable can replace crates.io */
    format: string = "table",
  ): Promise<string> {
    checkMirrorFormat(format)
    const { catalogue } = await siteSettings(this.site())
    const entries = mirrorEntries(this.mirrorList)
    const asked = await askEvery(choiceOf(entries), entries, baseOf(catalogue, this.base).distribution)
    return mirrorReport(format, { asked, goproxy: this.goproxy ?? undefined, proxy: detectedProxy() })
  }

  /** Lists the components of the stack with purpose, source, pinned version, registry, rhythm of releases and mode. Gives text */
  @func({ cache: "168h" })
  async components(
    /** table, or json for programs */
    format: string = "table",
  ): Promise<string> {
    const { catalogue } = await siteSettings(this.site())
    const list = Object.values(catalogue.components)
    const plain = list.map((entry) => ({ ...entry, version: pinnedVersion(catalogue, entry), published: publishedAs(catalogue, entry) }))
    return formatted(format, () => componentTable(catalogue, list), plain)
  }

  /**
   * Lists the remote images that this stack needs, or that Dockerfiles need: name, version, purpose, stage, size of what a pull
   * downloads, and status: present (in the offline bundle), cached (this engine has it), moved (its tag is not what versions.yaml pins)
   * or missing, with where it can be had or why not. Images with several uses stand there once. Pulls none of them: only their
   * manifests are asked for.
   *
   * Gives text. A registry that cannot be asked makes a row say so. Fails when a Dockerfile cannot be read
   */
  @func({ cache: "never" })
  async baseImages(
    /** table, or json for programs */
    format: string = "table",
    /** A folder whose Dockerfiles are listed instead of the stack: all below it that are called Dockerfile, Dockerfile.NAME or NAME.Dockerfile */
    @argument({ ignore: ["**/.git", "**/node_modules"] })
    dockerfiles?: Directory,
    /** Values of the ARGs before the first FROM of these Dockerfiles: NAME=VALUE */
    buildArgs: string[] = [],
    /** Ask the engine and registries for status and size; --status=false lists the names at once and asks nobody */
    status: boolean = true,
  ): Promise<string> {
    const buildArguments = readBuildArguments(buildArgs)
    const wish = { format, base: this.base, dockerfiles: dockerfiles ?? undefined, buildArguments, status }
    return baseImagesReport(await this.settings(), wish)
  }

  /**
   * Lists what is in a component's image: the packages of its distribution and the Go modules inside its binaries.
   *
   * Gives a file that is the same whenever the image is: go on with export --path=server.spdx.json or contents. Publish attaches
   * the same list to the image. Fails as build does
   */
  @func({ cache: "session" })
  async sbom(
    /** The component's name; the function components lists all */
    component: string,
    /** spdx-json (SPDX 2.3), or cyclonedx-json */
    format: string = "spdx-json",
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
  ): Promise<File> {
    sbomFormat(format)
    const { settings, wish, image, layout } = await this.built(component, version, ["syft"])
    return imageSbom(settings, wish, image, layout, format)
  }

  /**
   * Says what a component's image was made from: source with commit and checksum, Go, base image with digest, inputs.
   *
   * Gives a file with an in-toto statement (SLSA provenance v1) that names the image's digest and no time of the build: go on with
   * export --path=server.provenance.json or contents. Publish attaches the same statement to the image. Fails as build does
   */
  @func({ cache: "session" })
  async provenance(
    /** The component's name; the function components lists all */
    component: string,
    /** A URI of who runs the build, such as https://github.com/ORG/REPO/.github/workflows/server.yml@refs/heads/main */
    builderId: string = defaultBuilder,
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
  ): Promise<File> {
    checkBuilder(builderId)
    const { settings, wish, image, layout } = await this.built(component, version)
    return imageProvenance(settings, wish, image, layout, builderId)
  }

  /**
   * Looks for known vulnerabilities in a component's image: in the packages of its distribution and in the Go modules inside its
   * binaries. By grype, because it reads both, takes its database as a file, and shares most of its code with what sbom uses.
   *
   * Gives text. Fails when something is as bad as --fail-on, when the database can neither be reached nor is given, or as build does
   */
  @func({ cache: "never" })
  async scan(
    /** The component's name; the function components lists all */
    component: string,
    /** grype's database: an archive from https://grype.anchore.io/databases (.tar.zst, .tar.gz) or a database file (.db). Fetched from there when not given */
    database?: File,
    /** End with an error when something is this bad or worse: negligible, low, medium, high or critical. Never when not given */
    failOn?: string,
    /** table, or json for programs */
    format: string = "table",
    /** Another version than the pinned one, such as v3.8.2. Only the pinned one has a checksum in versions.yaml */
    version?: string,
  ): Promise<string> {
    if (failOn) checkSeverity(failOn)
    formatted(format, () => "", [])
    const { settings, layout } = await this.built(component, version, ["grype"])
    const findings = await scanImage(settings, layout, { file: database ?? undefined }, randomUUID())
    const text = formatted(format, () => findingsTable(findings), findings)
    const bad = failOn ? atLeast(findings, failOn) : []
    if (bad.length > 0) throw new Error(`${component}: ${bad.length} known vulnerabilities are ${failOn} or worse:\n${text}`)
    return text
  }

  /**
   * Signs published images with a key of your own, as cosign does; nothing is written to a public log. Publish does the same when
   * it gets a key.
   *
   * Gives text with a line for each image; one that has this key's signature is left as it is. Anyone with the public key checks it:
   * verify, or cosign verify --key=cosign.pub --insecure-ignore-tlog IMAGE. Fails when the key, its password or an image is wrong
   */
  @func({ cache: "never" })
  async sign(
    /** Images of one registry by their digests: registry.example.com/openim/openim-server:v3.8.3@sha256:…, as publish and release print them. The signature says this repository and, where it is given, this tag. Without a digest they are refused: a tag may point elsewhere a moment later */
    images: string[],
    /** The private key that cosign generate-key-pair made, such as file://cosign.key or env://COSIGN_KEY */
    signKey: Secret,
    /** The key's own password, such as env://COSIGN_PASSWORD */
    signPassword?: Secret,
    /** The registry's user */
    username?: string,
    /** The registry user's password or token, such as env://REGISTRY_PASSWORD */
    password?: Secret,
    /** A docker config.json instead of a user and a password, such as file://$HOME/.docker/config.json */
    registryConfig?: Secret,
    /** A certificate (PEM) of the authority behind the registry's own, where public ones do not do */
    ca?: File,
    /** The registry speaks HTTP without TLS */
    plainHttp: boolean = false,
    /** A service that answers under the registry's name, such as tcp://localhost:5000 */
    registryService?: Service,
  ): Promise<string> {
    const signing = (await readSigning(signKey, signPassword))!
    const access = await readAccess({ username, password, config: registryConfig, ca, plainHttp, service: registryService })
    return signImages(await this.settings(undefined, undefined, { tools: ["cosign"] }), images, signing, access, randomUUID())
  }

  /**
   * Checks that published images are signed by a key, under the names that they have: a signature says for which repository and tag it
   * is, so an old image under a new tag, or another component's, is refused.
   *
   * Gives text with a line for each image, with its digest; fails when one is not signed by the key under this name
   */
  @func({ cache: "never" })
  async verify(
    /** Images of one registry: registry.example.com/openim/openim-server:v3.8.3 or with @sha256:… */
    images: string[],
    /** The public key that goes with the private one, such as cosign.pub */
    publicKey: File,
    /** The registry's user */
    username?: string,
    /** The registry user's password or token, such as env://REGISTRY_PASSWORD */
    password?: Secret,
    /** A docker config.json instead of a user and a password, such as file://$HOME/.docker/config.json */
    registryConfig?: Secret,
    /** A certificate (PEM) of the authority behind the registry's own, where public ones do not do */
    ca?: File,
    /** The registry speaks HTTP without TLS */
    plainHttp: boolean = false,
    /** A service that answers under the registry's name, such as tcp://localhost:5000 */
    registryService?: Service,
  ): Promise<string> {
    const access = await readAccess({ username, password, config: registryConfig, ca, plainHttp, service: registryService })
    return verifyImages(await this.settings(undefined, undefined, { tools: ["cosign"] }), images, publicKey, access, randomUUID())
  }

  /**
   * Tells for each source, archive and referenced image which version is pinned, which is the newest of a channel, and what to do:
   * current, update, moved (the pinned tag is not what it was) or unknown (nobody could be asked). Of a newer source also the programs,
   * ports and configuration files that came or went. Gives text. Fails when nobody at all could be asked
   */
  @func({ cache: "never" })
  async versions(
    /** stable (releases without a suffix), patch (these and -patch.N, where upstream's fixes appear) or alpha (everything) */
    channel: string = "patch",
    /** table, or json for programs */
    format: string = "table",
  ): Promise<string> {
    return versionsReport(await this.settings(), readChannel(channel), format)
  }

  /**
   * Tells what is newer than pinned, in a form to branch on. Nothing new is no error. Fails when nobody could be asked, and with
   * --fail-on-updates when there are updates
   */
  @func({ cache: "never" })
  async updates(
    /** stable (releases without a suffix), patch (these and -patch.N, where upstream's fixes appear) or alpha (everything) */
    channel: string = "patch",
    /** text; json for programs; github for a workflow: NAME=VERSION lines (empty without an update), any=true or false, and lists of the components with updates, moved tags and unknown versions, to append to $GITHUB_OUTPUT */
    format: string = "text",
    /** End with an error (exit code 1) when there are updates: for scripts that only look at the exit code */
    failOnUpdates: boolean = false,
  ): Promise<string> {
    return updatesReport(await this.settings(), readChannel(channel), format, failOnUpdates)
  }

  /**
   * Pins newer versions: every update of the channel, or one component. Gives the changes of versions.yaml, compose/env.template,
   * stacks/STACK/CHANGELOG.md and dockerfiles/, which dagger shows and writes (-y writes without asking). Earlier versions stay listed in
   * versions.yaml, and --component=server --version=v3.8.2 goes back to one without asking the network. What was left that way
   * is not taken again automatically. The changelog says which programs, ports and configuration files of a source came or went, and
   * which programs are in no image. Without news nothing changes. Fails when a version does not exist or cannot be pinned
   */
  @func({ cache: "never" })
  async bump(
    /** The checkout whose files change. With --catalogue it is that folder, where env.template and CHANGELOG.md lie beside versions.yaml */
    @argument({ defaultPath: "/", ignore: ["*", "!stacks", "!compose", "!dockerfiles/*.Dockerfile"] })
    checkout: Directory,
    /** Only this source, archive or referenced image, such as server, chat, mongodb or web. All when not given */
    component?: string,
    /** Another version than the newest, newer or older; needs --component */
    version?: string,
    /** stable (releases without a suffix), patch (these and -patch.N, where upstream's fixes appear) or alpha (everything) */
    channel: string = "patch",
    /** Pin the digests of base images and of referenced ones instead. Those of base images hold on engines that pull them from a registry */
    bases: boolean = false,
    /** The day of the changelog's section, such as 2025-01-31. Without it the change stands under Unreleased */
    date?: string,
  ): Promise<Changeset> {
    const wish = { channel: readChannel(channel), component: component ?? undefined, version: version ?? undefined, date: date ?? undefined }
    const place = this.place(checkout)
    const settings = await this.settings()
    if (component && version) checkVersionName(settings.catalogue, component, version)
    return bumpChanges(settings, place, wish, bases)
  }

  /**
   * The servers that OpenIM needs and that tests use, each to run alone: services redis up gives it on port 6379 until the call is
   * ended, --ports=16379:6379 on another port. Official images where a registry has them, else built from package registries.
   *
   * Warning: up listens on all addresses of this machine, and the passwords are those of the help, or none: others in the same network
   * can use these servers. Only where that does no harm, or behind a firewall
   */
  @func({ cache: "session" })
  services(): Services {
    const { stack, catalogue, bases, mirrors, bundle } = this.site()
    return new Services(stack, bases, mirrors, this.goproxy ?? undefined, catalogue ?? undefined, bundle ?? undefined)
  }

  /**
   * A running OpenIM with all that it needs: stack up gives a developer the API on localhost:10002, the WebSocket on 10001, chat on
   * 10008 and 10009 and files on 10005. Data are gone when the call ends. Where a port is taken: up --ports=20002:10002,20001:10001
   *
   * Warning: up listens on all addresses of this machine, so others in the same network reach these ports, too. The secrets and passwords
   * are new in each call; the log says them, as "made for this call: IMENV_SHARE_SECRET=…"
   */
  @func({ cache: "session" })
  async stack(): Promise<Service> {
    const { catalogue } = await siteSettings(this.site())
    const components = runnableGroups(catalogue).map(({ name }) => name)
    const settings = await this.settings(undefined, undefined, { components, services: stackServices(catalogue, components) })
    return stackFront(settings, this.options())
  }

  /**
   * Runs test suites and reports them together; one that fails does not keep the others from running. Ends with an error when a
   * case failed
   */
  @func({ cache: "session" })
  async test(
    /** Which ones: unit, smoke, supplychain, services, toolchain, helpers, shop, redis, mongodb, bases, upstream, reproducible, customised, publishing, releasing, buildah, workflows, bundle, programs; and on a running stack integration, health, performance, faults, starts, separate, mutations. All when none is named */
    suites: string[] = [],
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["**/node_modules", ".git", "sdk", "report"] })
    checkout: Directory,
    /** Run the suites on a stack again, although images, services and tests are what they were */
    again: boolean = false,
  ): Promise<string> {
    return this.run(suites, checkout, undefined, again)
  }

  /**
   * Runs test suites as test does and gives the report as files: report.html (one page, with figures as charts), junit.xml,
   * report.json, summary.txt (what test prints) and attachments/. Go on with export --path=report.
   *
   * test ends with an error when a case failed; this one gives the files either way, and the last line of summary.txt says which
   */
  @func({ cache: "session" })
  async testReport(
    /** Which ones: those that test has. All when none is named */
    suites: string[] = [],
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["**/node_modules", ".git", "sdk", "report"] })
    checkout: Directory,
    /** Run the suites on a stack again, although images, services and tests are what they were */
    again: boolean = false,
  ): Promise<Directory> {
    return reportFolder(await this.tested(suites, checkout, undefined, again))
  }

  /**
   * Fetches everything that components need from outside into an offline bundle: base images, packages of distributions, Go with all
   * modules, archives. Then --bundle=BUNDLE builds them without a network, with the same digests as here.
   *
   * Gives a directory: go on with export --path=BUNDLE, and ./daggerw bundle BUNDLE adds the CLI and the engine. Each item is tried
   * three times, for at most 300 s; one that fails does not keep the others from being fetched. The log counts them, report.txt in the
   * bundle lists them with their sizes. What --bundle has is not fetched again, unless it is damaged or no longer what is pinned. Ends
   * with an error when an item failed; the next call goes on from there
   */
  @func({ cache: "never" })
  async prewarm(
    /** Only what these need. All that can be built when none is named */
    components: string[] = [],
    /** More tools of versions.yaml: syft (for sbom and publish), cosign (sign, verify), grype (scan) */
    tools: string[] = [],
    /** Also the services that stack up needs */
    services: boolean = false,
    /** Fetch base images and packages anew, in the versions that there are today, although --bundle has them or versions.yaml locks others */
    renew: boolean = false,
    /** Give the directory even if an item could not be fetched */
    partial: boolean = false,
  ): Promise<Directory> {
    const found = await siteSettings(this.site())
    const settings = { ...found, custom: await this.customSource(found.catalogue, components[0]) }
    const { bundle, rows } = await prewarmed(settings, prewarmWish(settings.catalogue, { components, base: this.base, tools, services }), renew)
    if (!partial && rows.some(({ result }) => result === "failed")) throw new Error(prewarmTable(rows))
    return bundle
  }

  /**
   * Compares the bundle in --bundle with what could be fetched today: current, moved (a base image or packages have newer versions),
   * missing (this project now needs something else), damaged, unneeded, unknown (nobody could be asked). Gives text
   */
  @func({ cache: "never" })
  async prewarmCheck(
    /** Only what these need. All that can be built when none is named */
    components: string[] = [],
    /** More tools of versions.yaml, as prewarm takes them */
    tools: string[] = [],
    /** Also the services that stack up needs */
    services: boolean = false,
    /** table, or json for programs */
    format: string = "table",
  ): Promise<string> {
    const settings = await this.withBundle(components[0])
    const wish = prewarmWish(settings.catalogue, { components, base: this.base, tools, services })
    const rows = await compareBundle(settings, settings.bundle, wish, new Date().toISOString())
    return formatted(format, () => bundleTable(rows), rows)
  }

  /**
   * Pins in versions.yaml what the bundle in --bundle holds, so that builds with a network install the same: the version of each
   * package, and the digests of base images that came from a registry. Everything else is pinned there anyway.
   *
   * Gives a changeset, which dagger shows and writes (-y writes without asking). Where a repository has a locked version no more, the
   * newest one is taken and the log says so. prewarm --renew and lock anew take newer ones; removing the key packages ends it
   */
  @func({ cache: "never" })
  async lock(
    /** The checkout whose pins change. With --catalogue it is that folder */
    @argument({ defaultPath: "/", ignore: ["*", "!stacks"] })
    checkout: Directory,
  ): Promise<Changeset> {
    const { bundle } = await this.withBundle()
    const folder = this.catalogue ?? checkout
    const path = this.catalogue ? "versions.yaml" : `stacks/${this.stackName}/versions.yaml`
    const text = await lockedVersions(bundle, await folder.file(path).contents())
    return folder.withNewFile(path, text).changes(folder)
  }

  /** The unit tests and the type check */
  @func({ cache: "session" })
  @check()
  async unit(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["**/node_modules", ".git", "sdk", "report"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["unit"], checkout)
  }

  /** Go and mage run by their names in the build container, Go in the version that the source asks for */
  @func({ cache: "session" })
  @check()
  async toolchain(): Promise<string> {
    return this.run(["toolchain"])
  }

  /** The tests of the Go programs that help with builds */
  @func({ cache: "session" })
  @check()
  async helpers(): Promise<string> {
    return this.run(["helpers"])
  }

  /** A small source of its own, built and run: Go versions, fallbacks, broken sources, the supervisor */
  @func({ cache: "session" })
  @check()
  async shop(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["shop"], checkout)
  }

  /** Redis from packages: password, health check, signals, data over a restart */
  @func({ cache: "session" })
  @check()
  async redis(): Promise<string> {
    return this.run(["redis"])
  }

  /** MongoDB's way from mirrors that refuse, hang and deliver something else to an image that creates its users */
  @func({ cache: "session" })
  @check()
  async mongodb(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["mongodb"], checkout)
  }

  /** The images on RPM bases and on Alpine, from a registry: by the base's own package manager, tested and started; and such images in a bundle */
  @func({ cache: "session" })
  @check()
  async onBases(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["bases"], checkout)
  }

  /** The version watch against a git server, a Go module proxy and a registry: newer versions, moved tags, bump and the way back */
  @func({ cache: "session" })
  @check()
  async upstream(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["upstream"], checkout)
  }

  /** A built image: programs start, user, labels, ports, nothing left of the build */
  @func({ cache: "session" })
  @check()
  async smoke(
    /** The component's name; server and chat when not given */
    component?: string,
  ): Promise<string> {
    return this.run(["smoke"], dag.directory(), component)
  }

  /** The services that tests use, each started and asked by its own protocol */
  @func({ cache: "session" })
  @check()
  async servers(): Promise<string> {
    return this.run(["services"])
  }

  /** The images with all services: users, friends, groups, a message from sender to store and to the other user's WebSocket, files */
  @func({ cache: "session" })
  @check()
  async integration(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["integration"], checkout)
  }

  /** Each service and each program of a running stack is stopped: its health check says so, and says when it is back */
  @func({ cache: "session" })
  @check()
  async health(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["health"], checkout)
  }

  /** Programs and services are killed while messages come in: all recovers, and what was acknowledged is there, but for what OpenIM is known to give up, which is counted */
  @func({ cache: "session" })
  @check()
  async faults(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["faults"], checkout)
  }

  /** Servers that are broken on purpose, by a wrong key, a missing program, a wrong password: each turns the right suite red */
  @func({ cache: "session" })
  @check()
  async mutations(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["mutations"], checkout)
  }

  /** Messages per second, latencies, start times and memory of a running stack, compared with the recorded baseline */
  @func({ cache: "session" })
  @check()
  async performance(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["performance"], checkout)
  }

  /** Sources of one's own: a private git server, patches and files on top of a source */
  @func({ cache: "session" })
  @check()
  async customised(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["customised"], checkout)
  }

  /** Publishing to real registries: TLS and passwords, tags, what is there already, and what goes wrong */
  @func({ cache: "never" })
  @check()
  async publishing(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["publishing"], checkout)
  }

  /** Releases to a registry: plans, states, gates on a stack, several components of which one fails, signatures */
  @func({ cache: "never" })
  @check()
  async releasing(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["releasing"], checkout)
  }

  /** A component built twice, step by step and once from empty caches, has the same digest; the fixture shop when none is named */
  @func({ cache: "never" })
  @check()
  async reproducible(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
    /** The component's name; the small shop of the tests when not given */
    component?: string,
  ): Promise<string> {
    return this.run(["reproducible"], checkout, component)
  }

  /** Lists of contents, provenance, referrers, scans and signatures, on the small shop */
  @func({ cache: "never" })
  @check()
  async supplychain(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["supplychain"], checkout)
  }

  /** An offline bundle of what Redis needs: prewarm, prewarm-check, lock, and a build from it */
  @func({ cache: "never" })
  @check()
  async offline(): Promise<string> {
    return this.run(["bundle"])
  }

  /** The image of every single program: built, started, published; and all images of the stack on one layer */
  @func({ cache: "never" })
  @check()
  async programImages(): Promise<string> {
    return this.run(["programs"])
  }

  private async run(names: string[], checkout: Directory = dag.directory(), component?: string | null, again = false): Promise<string> {
    const { run } = await this.tested(names, checkout, component, again)
    const text = suitesText(run)
    if (countsOf(run.suites).failed > 0) throw new Error(text)
    return text
  }

  private async tested(names: string[], checkout: Directory, component?: string | null, again = false): Promise<TestResult> {
    const settings = await this.settings(undefined, component ?? undefined)
    const mark = again ? randomUUID() : undefined
    return runSuites(names, { settings, options: this.options(), checkout, component: component ?? undefined, mark })
  }

  private place(checkout: Directory): BumpPlace {
    return this.catalogue ? { folder: this.catalogue } : { folder: checkout, stack: this.stackName }
  }

  /** An image and its reproducible layout. */
  private async built(component: string, version?: string | null, tools: string[] = []) {
    const settings = await this.settings(version, component, { components: [component], tools })
    const wish = this.wish(component)
    const image = await componentImage(settings, wish)
    return { settings, wish, image, layout: await imageLayout(settings, image) }
  }

  /** What publishing needs beside what building does. */
  private async publishingNeeds(components: string[], gate: Gate, signing?: SigningKey): Promise<Partial<BundleWish>> {
    const { catalogue } = await siteSettings(this.site())
    const tested = gateNeeds(catalogue, gate, components)
    const tools = ["syft", ...(signing ? ["cosign"] : []), ...tested.tools]
    return { components: [...new Set([...components, ...tested.components])], services: tested.services, tools }
  }

  private options(): BuildOptions {
    return { base: this.base, layout: layoutOf(this.programsLayout) }
  }

  private wish(component: string): BuildWish {
    return { ...this.options(), component }
  }

  /**
   * Prints the Dockerfile of a component, for a build without Dagger: docker build -f FILE . in this repository's folder.
   *
   * It has this call's --base, those of its --mirrors that answer now, and --goproxy; those below dockerfiles/ have none. Always of
   * the pinned source. Fails when the component or the base is unknown
   */
  @func({ cache: "session" })
  async dockerfile(
    /** The component's name; the function components lists all */
    component: string,
  ): Promise<string> {
    const settings = await siteSettings(this.site())
    const { catalogue } = settings
    const entry = imageOf(catalogue, component)
    const base = baseOf(catalogue, this.base)
    // Go may be installed on Debian, whatever the base.
    const packages = await Promise.all(["debian", base.distribution].map((distribution) => packageMirrors(settings, distribution)))
    const archive = entry.kind === "installed" ? installOf(catalogue, entry, base).archive : undefined
    const summed = archive === undefined ? settings : await withArchiveSum(settings, entry.name, archive)
    return dockerfile(summed.catalogue, entry, base, { mirrors: Object.assign({}, ...packages), arguments: await dockerfileArguments(settings) })
  }

  /** Writes the folder dockerfiles/ anew from the catalogue. Gives a changeset; as a check it fails when there is anything to change */
  @func({ cache: "session" })
  @generate()
  async dockerfiles(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!dockerfiles"] })
    checkout: Directory,
  ): Promise<Changeset> {
    const { catalogue } = await siteSettings(this.site())
    const files = Object.entries(dockerfiles(catalogue))
    const others = checkout.filter({ exclude: ["dockerfiles/*.Dockerfile"] })
    return files.reduce((folder, [name, text]) => folder.withNewFile(`dockerfiles/${name}`, text), others).changes(checkout)
  }

  /** The server's Dockerfile, built by buildah: its programs are the same as those that Dagger builds */
  @func({ cache: "session" })
  @check()
  async buildah(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["*", "!tests/fixtures", "!.dockerignore"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["buildah"], checkout)
  }

  /** The workflows below .github/ by actionlint, and all shell scripts by shellcheck; broken ones are told from good ones */
  @func({ cache: "session" })
  @check()
  async workflows(
    /** The module's own checkout */
    @argument({ defaultPath: "/", ignore: ["**/node_modules", ".git", "sdk", "report"] })
    checkout: Directory,
  ): Promise<string> {
    return this.run(["workflows"], checkout)
  }

  private site(): Site {
    const { catalogue, bases, mirrorList: mirrors, upstreams, bundle } = this
    const access = { private: this.goPrivate || undefined, nosumdb: this.goNosumdb || undefined, insecure: this.goInsecure || undefined, netrc: this.netrc ?? undefined }
    const given = Object.values(access).some((one) => one !== undefined)
    const go = { proxy: this.goproxy ?? undefined, access: given ? access : undefined }
    return { stack: this.stackName, catalogue, bases, toolchainOptions: { go }, mirrors, upstreams, bundle }
  }

  private async withBundle(component?: string): Promise<Settings & { bundle: Bundle }> {
    const settings = await siteSettings(this.site())
    if (settings.bundle) return { ...settings, bundle: settings.bundle, custom: await this.customSource(settings.catalogue, component) }
    throw new Error("name a bundle before the function: ./daggerw call --bundle=BUNDLE …; ./daggerw call prewarm export --path=BUNDLE makes one")
  }

  /** A bundle is compared with what the call is going to need of it, as far as that is known here. */
  private async settings(version?: string | null, component?: string, needs: Partial<BundleWish> = {}): Promise<Settings> {
    const found = await siteSettings(this.site())
    if (version && component !== undefined) checkVersionName(found.catalogue, component, version)
    const settings = { ...found, custom: await this.customSource(found.catalogue, component), version: version ?? undefined }
    const components = component === undefined ? [] : [component]
    await checkNeeds(settings, { components, base: this.base, tools: [], services: [], ...needs })
    return settings
  }

  /** What --source, --git and --overlay come to. */
  private async customSource(catalogue: Catalogue, component?: string): Promise<CustomSource | undefined> {
    if (!this.git && (this.gitToken || this.gitSsh || this.gitUser || this.gitRef !== "HEAD")) {
      throw new Error("--git-ref, --git-user, --git-token and --git-ssh say how --git is read: give its address as --git")
    }
    const path = sourcePath(this.sourceFolder ?? undefined)
    if (path !== undefined && !this.source && !this.git) throw new Error("--source-path is a folder of --source or --git: give one of them")
    if (!this.source && !this.git && !this.overlay) return undefined
    if (this.source && this.git) throw new Error("give --source or --git, not both")
    if (this.git) checkGitAddress(this.git, { token: this.gitToken !== undefined && this.gitToken !== null, knownHosts: this.gitKnownHosts ?? undefined })
    const manifests = this.source ? await manifestsOf(this.source, path) : {}
    const hints = { given: this.sourceOf ?? undefined, component, manifests }
    return {
      of: customSourceName(catalogue, hints),
      checkout: this.source ?? undefined,
      git: this.git
        ? {
            url: this.git,
            ref: this.gitRef,
            username: this.gitUser ?? undefined,
            token: this.gitToken ?? undefined,
            ssh: this.gitSsh ?? undefined,
            knownHosts: this.gitKnownHosts ?? undefined,
          }
        : undefined,
      overlay: this.overlay ?? undefined,
      path,
    }
  }
}

function succeeded(released: ReleasedComponent[]): string {
  const text = releasedTable(released)
  if (released.some(({ result }) => result === "failed")) throw new Error(text)
  return text
}

function layoutOf(value: string): "multicall" | "separate" {
  if (value === "multicall" || value === "separate") return value
  throw unknownName("value of --programs", value, ["multicall", "separate"])
}

function formatted(format: string, table: () => string, data: unknown): string {
  if (format === "table") return table()
  if (format === "json") return `${JSON.stringify(data, null, 2)}\n`
  throw unknownName("value of --format", format, ["table", "json"])
}
