/** The servers that OpenIM needs and that tests use. */
import { type Directory, func, object, type Service } from "@dagger.io/dagger"
import { checkNeeds } from "../graph/bundle/needs.js"
import { service } from "../graph/stack/services.js"
import { siteSettings } from "../graph/call/site.js"

@object()
export class Services {
  private stackName: string
  private bases: string
  private mirrors: string[]
  private goproxy?: string
  private catalogue?: Directory
  private bundle?: Directory

  constructor(
    /** The catalogue's name */
    stackName: string,
    /** Where official images are looked for first */
    bases: string,
    /** Presets and addresses of mirrors */
    mirrors: string[],
    /** Go module proxies */
    goproxy?: string,
    /** A folder with a stack.yaml and a versions.yaml */
    catalogue?: Directory,
    /** An offline bundle */
    bundle?: Directory,
  ) {
    this.stackName = stackName
    this.bases = bases
    this.mirrors = mirrors
    this.goproxy = goproxy
    this.catalogue = catalogue
    this.bundle = bundle
  }

  /** etcd, the registry in which OpenIM's programs find each other: port 2379, no password */
  @func({ cache: "session" })
  async etcd(): Promise<Service> {
    return this.named("etcd")
  }

  /** Redis, as the component redis builds it: port 6379, password openIM123 */
  @func({ cache: "session" })
  async redis(): Promise<Service> {
    return this.named("redis")
  }

  /** Kafka with one broker in KRaft mode: port 9092, which it tells clients as kafka:9092, so they must know it by that name */
  @func({ cache: "session" })
  async kafka(): Promise<Service> {
    return this.named("kafka")
  }

  /** MinIO, the store of files: port 9000, user root, password openIM123 */
  @func({ cache: "session" })
  async minio(): Promise<Service> {
    return this.named("minio")
  }

  /**
   * The database of documents: port 27017, no password. MongoDB where a registry can be had; else mongo-java-server, a stand-in that
   * does what OpenIM asks for, no more
   */
  @func({ cache: "session" })
  async mongo(): Promise<Service> {
    return this.named("mongo")
  }

  /** PostgreSQL 17: port 5432, user postgres, password postgres, database test_db */
  @func({ cache: "session" })
  async postgres(): Promise<Service> {
    return this.named("postgres")
  }

  /** A registry of images: port 5000, plain HTTP, no users */
  @func({ cache: "session" })
  async registry(): Promise<Service> {
    return this.named("registry")
  }

  /** nginx with its own page: port 80 */
  @func({ cache: "session" })
  async nginx(): Promise<Service> {
    return this.named("nginx")
  }

  /** A service of your own catalogue by its name there */
  @func({ cache: "session" })
  async named(
    /** The service's name: a key of services in stack.yaml */
    name: string,
  ): Promise<Service> {
    const { stackName: stack, bases, mirrors, goproxy, catalogue, bundle } = this
    const settings = await siteSettings({ stack, bases, mirrors, toolchainOptions: { go: { proxy: goproxy ?? undefined } }, catalogue, bundle, upstreams: [] })
    await checkNeeds(settings, { components: [], base: "debian", tools: [], services: [name] })
    return (await service(settings, name)).service
  }
}
