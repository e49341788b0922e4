/**
 * Builds, tests and publishes OpenIM as container images: the server, chat, each of their programs, MongoDB and Redis.
 *
 * Sources, toolchains and base images come from registries where these answer, else from package registries. Options of the whole call
 * stand before the function's name (./daggerw takes them anywhere). A file .env beside dagger.json has those that a site always needs.
 */
import type { Changeset, Container, Directory, File, Platform, Secret, Service, Socket } from "@dagger.io/dagger"
import { argument, func, generate, object } from "@dagger.io/dagger"
import { type CallOptions, callOptions } from "./graph/call/options.js"
import { CHECKOUT, COMPOSE, DOCKERFILES, KIT, PINS, RELEASE, SOURCE, STACK_TESTS } from "./objects/ignore.js"
import { ReleaseResult } from "./objects/releaseResult.js"
import { Services } from "./objects/services.js"
import { Tests } from "./objects/tests.js"
import { defaultBuilder } from "./plan/supplychain/provenance.js"
import * as tasks from "./tasks/tasks.js"

@object()
export class Openim {
  private options: CallOptions
  constructor(
    /** The stack to build: a folder's name below stacks/ */ stack: string = "openim",
    /** A checkout to build, such as ../chat; its files choose the toolchain's version */ @argument({ ignore: SOURCE }) source?: Directory,
    /** A git repository to build instead: https://git.example.com/im/chat.git or git@git.example.com:im/chat.git */ git?: string,
    /** The branch, tag or commit of --git */ gitRef: string = "HEAD",
    /** The user of --git-token, where the server does not accept any name (GitHub and GitLab do) */ gitUser?: string,
    /** A token or password that may read --git, such as env://GIT_TOKEN */ gitToken?: Secret,
    /** An SSH agent that may read --git: $SSH_AUTH_SOCK */ gitSsh?: Socket,
    /** Host keys of --git's SSH server, as ssh-keyscan HOST prints them. Needed for an SSH address */ gitKnownHosts?: string,
    /** The folder of the source's manifest below the top of --source or --git, such as services/im */ sourcePath?: string,
    /** Which source of the stack --source, --git or --overlay replaces, such as chat. Found by the name in its manifest when not given */ sourceOf?: string,
    /** A folder with changes of the source: patches/*.patch are applied in order, the other files copied over */ overlay?: Directory,
    /** Another version than the pinned one, such as v3.8.2, for functions of one component. It has no checksum */ version?: string,
    /** Where base images, Go and sources are looked for first: registry, packages, or auto (as the engine is) */ bases: string = "auto",
    /** Base of the final images: debian, anolis, openeuler or alpine, or with a tag, such as alpine:3.19 */ base: string = "debian",
    /** multicall: one binary for all programs of an image (50 MB); separate: one for each (50 to 80 MB) */ programs: string = "multicall",
    /** Go module proxies in order, as GOPROXY takes them, such as https://goproxy.cn,direct. Asked before --mirrors */ goproxy?: string,
    /** Modules asked from git servers, not from proxies or the checksum database (GOPRIVATE): git.example.com/im,*.corp */ goPrivate?: string,
    /** Modules that Go's checksum database is not asked about, as GONOSUMDB takes them */ goNosumdb?: string,
    /** Modules whose servers may be asked without TLS, as GOINSECURE takes them */ goInsecure?: string,
    /** A netrc file for module proxies and git servers, such as file://$HOME/.netrc. Ends in no layer and no log */ netrc?: Secret,
    /** Mirrors in order: china, aliyun, tuna, ustc, tencent, huawei or FAMILY=ADDRESS (see docs/mirrors.md) */ mirrors: string[] = [],
    /** Other addresses of sources and images, such as server=https://gitee.com/openimsdk/open-im-server */ upstreams: string[] = [],
    /** A folder with a custom stack.yaml and versions.yaml instead of those of --stack (see docs/catalogue.md) */ catalogue?: Directory,
    /** An offline bundle that prewarm made: all comes from it (see docs/offline.md) */ @argument({ ignore: ["host"] }) bundle?: Directory,
    /** The user of the registries that images are pushed to or looked up in. Needs --registry-password */ registryUsername?: string,
    /** The password or token of --registry-username, such as env://REGISTRY_PASSWORD */ registryPassword?: Secret,
    /** A docker config.json with the users of several registries, such as file://$HOME/.docker/config.json */ registryConfig?: Secret,
    /** The certificate (PEM) of the authority that signed the registries' certificates, where it is not a public one */ registryCa?: File,
    /** The registries speak HTTP without TLS */ plainHttp: boolean = false,
    /** A service under the registries' host name, such as tcp://localhost:5000 for a tunnel on this machine */ registryService?: Service,
  ) {
    // biome-ignore format: lists of names
    const building = { stack, source, git, gitRef, gitUser, gitToken, gitSsh, gitKnownHosts, sourcePath, sourceOf, overlay, version, bases, base, programs }
    const fetching = { goproxy, goPrivate, goNosumdb, goInsecure, netrc, mirrors, upstreams, catalogue, bundle }
    const publishing = { registryUsername, registryPassword, registryConfig, registryCa, plainHttp, registryService }
    this.options = callOptions({ ...building, ...fetching, ...publishing })
  }

  /**
   * Builds the image of a component, such as server, server-api, mongodb or redis.
   * Returns a container: go on with export --path=server.tar, export-image --name=openim-server or terminal. Fails with one message
   * when the component is unknown, or the source cannot be fetched or does not compile; what was built until then stays cached
   */
  @func({ cache: "1h" })
  async build(
    /** The component's name, as components lists it */ component: string,
    /** The image's platform: linux/amd64, the only one there is */ platform: Platform = "linux/amd64" as Platform,
    /** go or cargo, as the source's toolchain is, or, of a Go source, mage: by its magefile, or make: by its Makefile's target build. By the toolchain alone when not given */ builder?: string,
  ): Promise<Container> {
    return tasks.builtImage(this.options, component, builder, platform)
  }

  /**
   * Builds a component's image as one file with the same digest on every machine.
   * This is what publish pushes, for docker load, podman load, skopeo and regctl. Go on with export --path=server.tar. Fails as build does
   */
  @func({ cache: "session" })
  async archive(/** The component's name, as components lists it */ component: string): Promise<File> {
    return tasks.builtArchive(this.options, component)
  }

  /** Prints the digest of a component's image, as archive and publish have it. */
  @func({ cache: "session" })
  async digest(/** The component's name, as components lists it */ component: string): Promise<string> {
    return (await tasks.builtLayout(this.options, component)).layout.digest
  }

  /** Builds the programs of a component without an image: go on with export --path=bin. */
  @func({ cache: "session" })
  async binaries(
    /** The component's name, as components lists it */ component: string,
    /** go or cargo, as the source's toolchain is, or, of a Go source, mage: by its magefile, or make: by its Makefile's target build. By the toolchain alone when not given */ builder?: string,
  ): Promise<Directory> {
    return tasks.builtPrograms(this.options, component, builder)
  }

  /**
   * Lists which components would be built or skipped, and why; builds nothing.
   * Compares inputs (source, Go, base, packages) with the label of the published image, or with --record. Warns of programs in no image
   */
  @func({ cache: "never" })
  async plan(
    /** table, or json for programs (and for a later --record) */ format: string = "table",
    /** What was built or published earlier, instead of asking registries: the json of a plan, or a release's state */ record?: File,
    /** Registries to ask instead of each component's own: HOST or HOST/NAMESPACE, such as harbor.example.com/im */ registry: string[] = [],
  ): Promise<string> {
    return tasks.planReport(this.options, format, registry, record)
  }

  /**
   * Builds and tests all components of the plan at once and prints a table.
   * One that fails does not stop the others; the call then ends with an error. build and archive get what was built from the cache
   */
  @func({ cache: "never" })
  async buildAll(
    /** Only these. When none is named: all whose mode is auto or incremental, as components lists it */ components: string[] = [],
    /** What was built earlier: the json of a plan. What is the same is skipped; without it everything is built */ record?: File,
    /** Stop after the first failure */ failFast: boolean = false,
  ): Promise<string> {
    return tasks.builtAll(this.options, components, record, failFast)
  }

  /**
   * Builds, tests and pushes the image of a component to one or several registries.
   * Nothing is pushed when a test fails (--gate), no registry gets a tag before all have the content, and what is there already is
   * not pushed again. The list of contents and the provenance go with it. Failures of the network are tried again after 2, 8 and 30 s.
   * Returns a table of the images with their digests, and the tests that they passed. More: docs/publish.md
   */
  @func({ cache: "never" })
  async publish(
    /** The module's own checkout, for tests on a stack */ @argument({ defaultPath: "/", ignore: STACK_TESTS }) checkout: Directory,
    /** The component's name, as components lists it */ component: string,
    /** Where to: HOST or HOST/NAMESPACE, such as ghcr.io/me. The component's own registry when none is named */ registry: string[] = [],
    /** The image's version when none is named */ tags: string[] = [],
    /** A private key of cosign to sign the images with, such as file://cosign.key. Without it nothing is signed */ signKey?: Secret,
    /** The password of --sign-key, such as env://COSIGN_PASSWORD */ signPassword?: Secret,
    /** What must pass before: integration (in a stack with this image), smoke (the image alone), all, or none */ gate: string = "integration",
    /** The digest that was tested before (sha256:…, as digest prints it): another image is not pushed */ expect?: string,
  ): Promise<string> {
    return tasks.publishedReport(this.options, component, { checkout, registry, tags, signKey, signPassword, gate, expect })
  }

  /**
   * Releases components: takes newer versions, then builds, tests and publishes what is new.
   * What is published from the same inputs is skipped. When one component fails, the others go on, but no pin changes and the call ends
   * with an error. Go on with report (a table), changes (the pins, for -y) or state (for plan --record); each of them releases first
   */
  @func({ cache: "never" })
  async release(
    /** The checkout whose pins change, with tests on a stack */ @argument({ defaultPath: "/", ignore: RELEASE }) checkout: Directory,
    /** Only these. When none is named: all whose mode is auto or incremental; manual ones must be named */ components: string[] = [],
    /** Which newer versions to take: stable, patch, alpha (see versions), or pinned for none */ channel: string = "patch",
    /** Where to: HOST or HOST/NAMESPACE, as in publish. Each component's own registry when none is named */ registry: string[] = [],
    /** The image's version when none is named */ tags: string[] = [],
    /** A private key of cosign to sign the images with, such as file://cosign.key. Without it nothing is signed */ signKey?: Secret,
    /** The password of --sign-key, such as env://COSIGN_PASSWORD */ signPassword?: Secret,
    /** What was published earlier, instead of asking registries: a release's state */ record?: File,
    /** Publish nothing more after the first failure */ failFast: boolean = false,
    /** The day of the changelog's section, such as 2025-01-31. Without it the change stands under Unreleased */ date?: string,
    /** What must pass before a push: integration, smoke, all or none, as in publish */ gate: string = "integration",
    /** Digests that were tested before, COMPONENT=sha256:…: a component with another digest is not pushed */ expect: string[] = [],
  ): Promise<ReleaseResult> {
    const order = { checkout, registry, tags, signKey, signPassword, gate }
    return new ReleaseResult(...(await tasks.released(this.options, { ...order, components, channel, record, failFast, date, expect })))
  }

  /** Asks every mirror of --mirrors and prints which answer, how fast, and which are used. */
  @func({ cache: "never" })
  async mirrors(
    /** table; json; env (GOPROXY, npm_config_registry …); docker (for daemon.json); cargo (for config.toml) */ format: string = "table",
  ): Promise<string> {
    return tasks.mirrorList(this.options, format)
  }

  /** Lists the components with purpose, source, pinned version, registry, rhythm and mode. */
  @func({ cache: "168h" })
  async components(/** table, or json for programs */ format: string = "table"): Promise<string> {
    return tasks.componentList(this.options, format)
  }

  /**
   * Lists the remote images that the stack or Dockerfiles need, with size and status.
   * Its status: present (in the bundle), cached (in this engine), moved (its tag is not what is pinned) or missing. Nothing is pulled
   */
  @func({ cache: "never" })
  async baseImages(
    /** table, or json for programs */ format: string = "table",
    /** A folder: the images of its Dockerfiles, not the stack's */ @argument({ ignore: DOCKERFILES }) dockerfiles?: Directory,
    /** Values of ARGs before the first FROM of these (Dockerfile, Dockerfile.NAME, NAME.Dockerfile): NAME=VALUE */ buildArgs: string[] = [],
    /** Ask engine and registries for status and size; --status=false only lists the names */ status: boolean = true,
  ): Promise<string> {
    return tasks.baseImageList(this.options, { format, dockerfiles, buildArgs, status })
  }

  /**
   * Lists what is in a component's image: packages of its distribution and Go modules.
   * Returns a file that is the same whenever the image is; publish attaches it. Go on with export --path=server.spdx.json or contents
   */
  @func({ cache: "session" })
  async sbom(
    /** The component's name, as components lists it */ component: string,
    /** spdx-json (SPDX 2.3), or cyclonedx-json */ format: string = "spdx-json",
  ): Promise<File> {
    return tasks.componentSbom(this.options, component, format)
  }

  /**
   * States what a component's image was made from: commit, checksum, Go and base image.
   * Returns an in-toto statement (SLSA provenance v1) for the digest; publish attaches it. Go on with export --path=FILE or contents
   */
  @func({ cache: "session" })
  async provenance(
    /** The component's name, as components lists it */ component: string,
    /** A URI of who runs the build, such as https://github.com/ORG/REPO/… of a workflow */ builderId: string = defaultBuilder,
  ): Promise<File> {
    return tasks.componentProvenance(this.options, component, builderId)
  }

  /**
   * Looks for known vulnerabilities in a component's image, with grype.
   * In its distribution's packages and its Go modules. Fails when something is as bad as --fail-on, or without a database
   */
  @func({ cache: "never" })
  async scan(
    /** The component's name, as components lists it */ component: string,
    /** grype's database: an archive of https://grype.anchore.io/databases, or a .db file. Fetched when not given */ database?: File,
    /** End with an error when something is this bad or worse: negligible, low, medium, high or critical */ failOn?: string,
    /** table, or json for programs */ format: string = "table",
  ): Promise<string> {
    return tasks.scanReport(this.options, component, { database, failOn, format })
  }

  /**
   * Signs published images with a cosign key; nothing is written to a public log.
   * Images that this key has signed stay as they are. Check with verify, or cosign verify --key=cosign.pub --insecure-ignore-tlog IMAGE
   */
  @func({ cache: "never" })
  async sign(
    /** Images of one registry, as publish prints them: registry.example.com/im/openim-server:v3.8.3@sha256:… */ images: string[],
    /** The private key that cosign generate-key-pair made, such as file://cosign.key or env://COSIGN_KEY */ signKey: Secret,
    /** The password of --sign-key, such as env://COSIGN_PASSWORD */ signPassword?: Secret,
  ): Promise<string> {
    return tasks.signedReport(this.options, images, signKey, signPassword)
  }

  /**
   * Checks that published images are signed by a key under their names, and prints digests.
   * A signature says for which repository and tag it is: an old image under a new tag, or another component's image, is refused
   */
  @func({ cache: "never" })
  async verify(
    /** Images of one registry: registry.example.com/openim/openim-server:v3.8.3, or with @sha256:… */ images: string[],
    /** The public key of the pair, such as cosign.pub */ publicKey: File,
  ): Promise<string> {
    return tasks.verifiedReport(this.options, images, publicKey)
  }

  /**
   * Lists the pinned and the newest version of each source, archive and referenced image.
   * The state is current, update, moved (the pinned tag is not what it was) or unknown (nobody could be asked). For a newer source also
   * which programs, ports and configuration files are new or gone. Fails when nobody at all could be asked
   */
  @func({ cache: "never" })
  async versions(
    /** stable (without a suffix), patch (these and -patch.N, where upstream's fixes appear) or alpha (everything) */ channel: string = "patch",
    /** table, or json for programs */ format: string = "table",
  ): Promise<string> {
    return tasks.callerVersions(this.options, channel, format)
  }

  /** Prints what is newer than pinned, in a form for scripts and workflows. */
  @func({ cache: "never" })
  async updates(
    /** stable, patch or alpha, as in versions */ channel: string = "patch",
    /** text; json; or github: lines for $GITHUB_OUTPUT: NAME=VERSION, any=true or false, lists of components */ format: string = "text",
    /** End with an error (exit code 1) when there are updates: for scripts */ failOnUpdates: boolean = false,
  ): Promise<string> {
    return tasks.callerUpdates(this.options, channel, format, failOnUpdates)
  }

  /**
   * Pins newer versions: every update of the channel, or one component.
   * Returns the changes of versions.yaml, compose/, the stack's CHANGELOG.md and dockerfiles/ (-y writes them without asking). A version that
   * was left with --component=server --version=v3.8.2 is not taken again. Fails when a version cannot be pinned. More: docs/versions.md
   */
  @func({ cache: "never" })
  async bump(
    /** The checkout whose files change, or the folder of --catalogue */ @argument({ defaultPath: "/", ignore: PINS }) checkout: Directory,
    /** Only this source, archive or referenced image, such as server, chat, mongodb or web. All when not given */ component?: string,
    /** The version to pin instead of the newest, newer or older; needs --component */ version?: string,
    /** stable, patch or alpha, as in versions */ channel: string = "patch",
    /** Pin the digests of base images and of referenced ones instead */ bases: boolean = false,
    /** The day of the changelog's section, such as 2025-01-31. Without it the change stands under Unreleased */ date?: string,
  ): Promise<Changeset> {
    return tasks.callerBump(this.options, checkout, { component, version, channel, bases, date })
  }

  /**
   * Offers single servers that OpenIM needs: services redis up, on --ports=16379:6379.
   * Warning: up listens on all addresses of this machine, and the passwords are those of the help, or none
   */
  @func({ cache: "session" })
  services(): Services {
    return new Services(this.options)
  }

  /**
   * Runs a whole OpenIM for development: stack up gives the API on localhost:10002.
   * WebSocket on 10001, chat on 10008 and 10009, files on 10005; up --ports=20002:10002 where a port is taken. Data end with the call.
   * Warning: up listens on all addresses of this machine. Secrets and passwords are new in each call; the log prints them
   */
  @func({ cache: "session" })
  async stack(): Promise<Service> {
    return tasks.stackService(this.options)
  }

  /**
   * Runs test suites and prints one table; a suite that fails does not stop the others.
   * Ends with an error when a case failed. Suites: see docs/testing.md, or ./daggerw call tests --help for them one by one
   */
  @func({ cache: "session" })
  async test(
    /** Which ones, such as unit,smoke; when none is named all but those of each night (an unknown name lists them) */ suites: string[] = [],
    /** The module's own checkout */ @argument({ defaultPath: "/", ignore: CHECKOUT }) checkout: Directory,
    /** Run the suites on a stack again, although images, services and tests have not changed */ again: boolean = false,
  ): Promise<string> {
    return this.tests(checkout).run(suites, again)
  }

  /**
   * Runs test suites as test does and returns the report as files.
   * report.html, junit.xml, report.json, summary.txt (what test prints) and attachments/: go on with export --path=report.
   * It does not fail when cases failed: the last line of summary.txt counts them
   */
  @func({ cache: "session" })
  async testReport(
    /** Which ones, as in test */ suites: string[] = [],
    /** The module's own checkout */ @argument({ defaultPath: "/", ignore: CHECKOUT }) checkout: Directory,
    /** Run the suites on a stack again, although images, services and tests have not changed */ again: boolean = false,
  ): Promise<Directory> {
    return this.tests(checkout).report(suites, again)
  }

  /** Has each test suite as a function: tests smoke --component=server, and as a check. */
  @func({ cache: "session" })
  tests(/** The module's own checkout */ @argument({ defaultPath: "/", ignore: CHECKOUT }) checkout: Directory): Tests {
    return new Tests(this.options, checkout)
  }

  /**
   * Fetches all that components need into an offline bundle: go on with export --path=BUNDLE.
   * --bundle=BUNDLE then builds without a network, with the same digests. Each item is tried three times, for at most 300 s. What --bundle
   * has is not fetched again. Ends with an error when an item failed; the next call goes on from there. More: docs/offline.md
   */
  @func({ cache: "never" })
  async prewarm(
    /** Only what these need. All that can be built when none is named */ components: string[] = [],
    /** More tools of versions.yaml: syft (for sbom and publish), cosign (sign, verify), grype (scan) */ tools: string[] = [],
    /** Also the services that stack up needs */ services: boolean = false,
    /** Fetch today's base images and packages, although --bundle has them or versions.yaml locks others */ renew: boolean = false,
    /** Return the directory even if an item could not be fetched */ partial: boolean = false,
  ): Promise<Directory> {
    return tasks.prewarmedBundle(this.options, { components, tools, services }, renew, partial)
  }

  /** Compares the bundle in --bundle with what could be fetched today. */
  @func({ cache: "never" })
  async prewarmCheck(
    /** Only what these need. All that can be built when none is named */ components: string[] = [],
    /** More tools of versions.yaml, as in prewarm */ tools: string[] = [],
    /** Also the services that stack up needs */ services: boolean = false,
    /** table, or json for programs */ format: string = "table",
  ): Promise<string> {
    return tasks.bundleReport(this.options, { components, tools, services }, format)
  }

  /**
   * Pins the packages and base images of --bundle in versions.yaml for all builds.
   * Returns a changeset (-y writes without asking). A version that is gone becomes the newest one, which the log says. To lock newer
   * ones: prewarm --renew, then lock again. To stop locking: remove the key packages
   */
  @func({ cache: "never" })
  async lock(
    /** The checkout whose pins change, or the folder of --catalogue */ @argument({ defaultPath: "/", ignore: PINS }) checkout: Directory,
  ): Promise<Changeset> {
    return tasks.lockedChanges(this.options, checkout)
  }

  /**
   * Prints the Dockerfile of a component, for a build without Dagger: docker build -f FILE .
   * It has this call's --base, those --mirrors that answer now, and --goproxy. Always of the pinned source
   */
  @func({ cache: "session" })
  async dockerfile(/** The component's name, as components lists it */ component: string): Promise<string> {
    return tasks.componentDockerfile(this.options, component)
  }

  /** Writes the folder dockerfiles/ from the catalogue; as a check it fails when a file is old. */
  @func({ cache: "session" })
  @generate()
  async dockerfiles(
    /** The module's own checkout */ @argument({ defaultPath: "/", ignore: ["*", "!dockerfiles"] }) checkout: Directory,
  ): Promise<Changeset> {
    return tasks.dockerfilesChanges(this.options, checkout)
  }

  /**
   * Makes the kit that deploys the stack on a server: go on with export --path=kit.
   * It has openimctl, Node, the compose project, docs and SHA256SUMS. Fails when an image cannot be built or found. More: docs/deploy.md
   */
  @func({ cache: "session" })
  async deployment(
    /** The module's own checkout */ @argument({ defaultPath: "/", ignore: KIT }) checkout: Directory,
    /** What the server may run, such as core,frontend; all when none is named (an unknown name lists them) */ profiles: string[] = [],
    /** registry: images that release publishes; archives: built now, in the kit; official: stores of their makers */ images: string = "registry",
  ): Promise<Directory> {
    return tasks.deploymentKit(this.options, checkout, { profiles, images })
  }

  /** Makes the stack's Helm charts for Kubernetes: go on with export --path=charts. */
  @func({ cache: "session" })
  async charts(): Promise<Directory> {
    return tasks.chartFolder(this.options)
  }

  /**
   * Shows what a deploy of the charts would change on a cluster; nothing is changed.
   * Helm renders them, and the API server compares. Fails when it does not answer or would refuse something. More: docs/kubernetes.md
   */
  @func({ cache: "never" })
  async kubePlan(
    /** The cluster and its user, with a token or a certificate in it, such as file://$HOME/.kube/config */ kubeconfig: Secret,
    /** Your values, such as my-values.yaml */ values?: File,
    /** The namespace. The name of the stack when not given */ namespace?: string,
    /** The release. The name of the stack when not given */ release?: string,
    /** A context of the kubeconfig. Its current one when not given */ context?: string,
    /** The API server, where containers do not reach the kubeconfig's address, such as tcp://127.0.0.1:6443 */ cluster?: Service,
  ): Promise<string> {
    return tasks.kubePlanReport(this.options, { kubeconfig, values, namespace, release, context, cluster })
  }

  /** Writes compose/ and charts/ from deployment.yaml; as a check it fails when a file is old. */
  @func({ cache: "session" })
  @generate()
  async composeFiles(
    /** The module's own checkout */ @argument({ defaultPath: "/", ignore: COMPOSE }) checkout: Directory,
  ): Promise<Changeset> {
    return tasks.composeChanges(this.options, checkout)
  }
}
