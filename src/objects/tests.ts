/** The test suites, each as a function and as a check. */
import { randomUUID } from "node:crypto"
import { check, type Directory, func, object } from "@dagger.io/dagger"
import { buildOptions, type CallOptions, componentSettings, pinnedSettings } from "../graph/call/options.js"
import { countsOf } from "../plan/tests/suites.js"
import { suitesText } from "../plan/tests/text.js"
import type { GivenImage } from "../tasks/deployment.js"

@object()
export class Tests {
  private options: CallOptions
  private checkout: Directory

  constructor(
    /** The options of the whole call */
    options: CallOptions,
    /** The module's own checkout */
    checkout: Directory,
  ) {
    this.options = options
    this.checkout = checkout
  }

  /** Runs the unit tests and the type check. */
  @func({ cache: "session" })
  @check()
  async unit(): Promise<string> {
    return this.run(["unit"])
  }

  /** Checks that Go and mage run in the build container, Go in the version of the source. */
  @func({ cache: "session" })
  @check()
  async toolchain(): Promise<string> {
    return this.run(["toolchain"])
  }

  /** Runs the tests of the Go programs that help with builds. */
  @func({ cache: "session" })
  @check()
  async helpers(): Promise<string> {
    return this.run(["helpers"])
  }

  /**
   * Builds and runs a small source: Go versions, fallbacks, broken sources, the supervisor.
   * Also asks mirrors that answer, refuse and hang
   */
  @func({ cache: "session" })
  @check()
  async shop(): Promise<string> {
    return this.run(["shop"])
  }

  /** Tests Redis from packages: password, health check, signals, data after a restart. */
  @func({ cache: "session" })
  @check()
  async redis(): Promise<string> {
    return this.run(["redis"])
  }

  /** Tests MongoDB's image, and mirrors of its archive that refuse, hang or send other bytes. */
  @func({ cache: "session" })
  @check()
  async mongodb(): Promise<string> {
    return this.run(["mongodb"])
  }

  /** Tests servers such as etcd and nginx on a read-only root: password, health, data. */
  @func({ cache: "session" })
  @check()
  async installed(): Promise<string> {
    return this.run(["installed"])
  }

  /** Tests images on RPM bases and on Alpine, which need a registry, and in a bundle. */
  @func({ cache: "session" })
  @check()
  async onBases(): Promise<string> {
    return this.run(["bases"])
  }

  /** Tests the version watch against a git server, a Go proxy and a registry of the test. */
  @func({ cache: "session" })
  @check()
  async upstream(): Promise<string> {
    return this.run(["upstream"])
  }

  /** Tests built images: programs start, user, labels, ports, nothing left of the build. */
  @func({ cache: "session" })
  @check()
  async smoke(
    /** The component's name; all groups that run in the stack when not given */
    component?: string,
  ): Promise<string> {
    return this.run(["smoke"], false, component)
  }

  /** Starts each service that tests use and asks it by its own protocol. */
  @func({ cache: "session" })
  @check()
  async servers(): Promise<string> {
    return this.run(["services"])
  }

  /**
   * Tests the images with all services: users, groups, messages, WebSocket, files.
   * A message goes from its sender to the store and to the other user's WebSocket
   */
  @func({ cache: "session" })
  @check()
  async integration(): Promise<string> {
    return this.run(["integration"])
  }

  /** Stops each service and program of a running stack: its health check must report it. */
  @func({ cache: "session" })
  @check()
  async health(): Promise<string> {
    return this.run(["health"])
  }

  /**
   * Kills programs and services under load: all recovers and no acknowledged message is lost.
   * Except those that OpenIM is known to lose, which are counted
   */
  @func({ cache: "session" })
  @check()
  async faults(): Promise<string> {
    return this.run(["faults"])
  }

  /**
   * Breaks servers on purpose, by a wrong key or password: each must turn the right suite red.
   * Run by name only, and each night
   */
  @func({ cache: "session" })
  async mutations(): Promise<string> {
    return this.run(["mutations"])
  }

  /**
   * Measures messages per second, latencies, start times and memory against the baseline.
   * Run by name only, and each night
   */
  @func({ cache: "session" })
  async performance(): Promise<string> {
    return this.run(["performance"])
  }

  /** Tests custom sources: a private git server, patches and files on top of a source. */
  @func({ cache: "session" })
  @check()
  async customised(): Promise<string> {
    return this.run(["customised"])
  }

  /** Tests publishing to real registries: TLS, passwords, tags, what is there, what goes wrong. */
  @func({ cache: "never" })
  @check()
  async publishing(): Promise<string> {
    return this.run(["publishing"])
  }

  /** Tests releases to a registry: plans, states, gates, signatures, one failing component. */
  @func({ cache: "never" })
  @check()
  async releasing(): Promise<string> {
    return this.run(["releasing"])
  }

  /** Builds a component twice, once from empty caches, and compares the digests. */
  @func({ cache: "never" })
  @check()
  async reproducible(
    /** The component's name; the small source of the tests when not given */
    component?: string,
  ): Promise<string> {
    return this.run(["reproducible"], false, component)
  }

  /** Tests lists of contents, provenance, scans and signatures on a small image. */
  @func({ cache: "never" })
  @check()
  async supplychain(): Promise<string> {
    return this.run(["supplychain"])
  }

  /** Makes an offline bundle of what Redis needs, checks and locks it, and builds from it. */
  @func({ cache: "never" })
  @check()
  async offline(): Promise<string> {
    return this.run(["bundle"])
  }

  /** Builds, starts and publishes the image of each program. Run by name only, and each night. */
  @func({ cache: "never" })
  async programImages(): Promise<string> {
    return this.run(["programs"])
  }

  /**
   * Builds the server's Dockerfile by buildah and compares its programs with Dagger's.
   * Run by name only, and each night
   */
  @func({ cache: "session" })
  async buildah(): Promise<string> {
    return this.run(["buildah"])
  }

  /** Checks the compose project by docker compose and podman-compose, and asks a running edge. */
  @func({ cache: "session" })
  @check()
  async deployment(): Promise<string> {
    return this.run(["deployment"])
  }

  /**
   * Deploys a kit on a machine with a real Docker daemon, uses it, breaks it, repairs it.
   * With another --stack its kit is deployed and its checks are asked; that one runs by name only
   */
  @func({ cache: "never" })
  @check()
  async deploy(): Promise<string> {
    return this.run(["deploy"])
  }

  /** Updates a kit on a real Docker daemon while users are connected, breaks updates, scales. */
  @func({ cache: "never" })
  @check()
  async updates(): Promise<string> {
    return this.run(["updates"])
  }

  /**
   * Builds, tests and runs the other stacks, such as v7.
   * Not part of a run without names: it compiles what no other suite needs
   */
  @func({ cache: "session" })
  async stacks(): Promise<string> {
    return this.run(["stacks"])
  }

  /** Deploys a kit on the oldest and the newest Docker. Run by name only. */
  @func({ cache: "never" })
  async dockers(): Promise<string> {
    return this.run(["dockers"])
  }

  /** Deploys a small kit with podman 4, and without rights of root. Run by name only. */
  @func({ cache: "never" })
  async podmans(): Promise<string> {
    return this.run(["podmans"])
  }

  /** Deploys a kit with the profile monitoring and waits for alerts. Run by name only. */
  @func({ cache: "never" })
  async monitoring(): Promise<string> {
    return this.run(["monitoring"])
  }

  /** Deploys a kit with the profile calls and makes a call in a browser. Run by name only. */
  @func({ cache: "never" })
  async calls(): Promise<string> {
    return this.run(["calls"])
  }

  /** Deploys a kit and updates its server among 10,000 requests. Run by name only. */
  @func({ cache: "never" })
  async busy(): Promise<string> {
    return this.run(["busy"])
  }

  /** Deploys a small kit by ssh on a machine with podman. */
  @func({ cache: "never" })
  @check()
  async podman(): Promise<string> {
    return this.run(["podman"])
  }

  /**
   * Renders the charts by Helm and compares them with Kubernetes and the policy restricted.
   * Compiling Helm takes 3 minutes of a processor the first time
   */
  @func({ cache: "session" })
  @check()
  async charts(): Promise<string> {
    return this.run(["charts"])
  }

  /**
   * Asks kube-plan about a real API server: what would be made, what differs, what is refused.
   * test runs it only when it is named, as kubernetes
   */
  @func({ cache: "never" })
  async kubeplan(): Promise<string> {
    return this.run(["kubeplan"])
  }

  /**
   * Installs the charts on a real cluster of one node, breaks pods and an update.
   * test runs it only when it is named: compiling Kubernetes takes 20 minutes of a processor the first time
   */
  @func({ cache: "never" })
  async kubernetes(): Promise<string> {
    return this.run(["kubernetes"])
  }

  /** Checks the workflows by actionlint and all shell scripts by shellcheck. */
  @func({ cache: "session" })
  @check()
  async workflows(): Promise<string> {
    return this.run(["workflows"])
  }

  /** For test: these suites, or all. */
  async run(names: string[], again = false, component?: string | null): Promise<string> {
    const { run } = await this.tested(names, again, component)
    const text = suitesText(run)
    if (countsOf(run.suites).failed > 0) throw new Error(text)
    return text
  }

  /** For test-report. */
  async report(names: string[], again: boolean): Promise<Directory> {
    const { reportFolder } = await import("../../tests/suites/together.js")
    return reportFolder(await this.tested(names, again))
  }

  /** The suites are many files: only a call that runs one loads them. */
  private async tested(names: string[], again: boolean, component?: string | null) {
    const { runSuites } = await import("../../tests/suites/all.js")
    const { options, checkout } = this
    const settings = component ? await componentSettings(options, component) : await pinnedSettings(options)
    const nonce = again ? randomUUID() : undefined
    const kit = async (given: Record<string, GivenImage>, profiles: string[], images = "archives") => {
      const { deploymentKit } = await import("../tasks/deployment.js")
      return deploymentKit(options, checkout, { profiles, images, given })
    }
    return runSuites(names, { settings, options: buildOptions(options), checkout, kit, component: component ?? undefined, nonce })
  }
}
