/** The servers that OpenIM needs and that tests use. */
import { func, object, type Service } from "@dagger.io/dagger"
import { type CallOptions, serviceSettings } from "../graph/call/options.js"
import { service } from "../graph/stack/services.js"

@object()
export class Services {
  private options: CallOptions

  constructor(
    /** The options of the whole call */
    options: CallOptions,
  ) {
    this.options = options
  }

  /** etcd, as the component etcd builds it: port 2379, no password. */
  @func({ cache: "session" })
  async etcd(): Promise<Service> {
    return this.named("etcd")
  }

  /** Redis, as the component redis builds it: port 6379, password openIM123. */
  @func({ cache: "session" })
  async redis(): Promise<Service> {
    return this.named("redis")
  }

  /**
   * Kafka, as the component kafka builds it, with one broker in KRaft mode: port 9092.
   * It names itself kafka:9092 to its clients, so they must know it by that name
   */
  @func({ cache: "session" })
  async kafka(): Promise<Service> {
    return this.named("kafka")
  }

  /** MinIO, as the component minio builds it: port 9000, user root, password openIM123. */
  @func({ cache: "session" })
  async minio(): Promise<Service> {
    return this.named("minio")
  }

  /**
   * What takes MongoDB's place in tests: port 27017, no password.
   * It is mongo-java-server, which does what OpenIM asks for and no more; with --bases=registry, MongoDB's official image
   */
  @func({ cache: "session" })
  async mongodbStandIn(): Promise<Service> {
    return this.named("mongodb-stand-in")
  }

  /**
   * PostgreSQL, as the component postgresql builds it: port 5432, database test_db.
   * Its user is postgres, with the password postgres
   */
  @func({ cache: "session" })
  async postgres(): Promise<Service> {
    return this.named("postgres")
  }

  /** A registry of images: port 5000, plain HTTP, no users. */
  @func({ cache: "session" })
  async registry(): Promise<Service> {
    return this.named("registry")
  }

  /** nginx with its own page, as the component nginx builds it: port 80. */
  @func({ cache: "session" })
  async nginx(): Promise<Service> {
    return this.named("nginx")
  }

  /** Any service of the catalogue, by its name there. */
  @func({ cache: "session" })
  async named(
    /** The service's name: a key of services in stack.yaml */
    name: string,
  ): Promise<Service> {
    return (await service(await serviceSettings(this.options, name), name)).service
  }
}
