// What the stack consists of, as every container in its network sees it.

export const dependencies = ["etcd", "redis", "kafka", "minio", "mongodb-stand-in"] as const

export type Dependency = (typeof dependencies)[number]

/** How each dependency is probed. */
export const probeAddresses: Record<Dependency, string> = {
  etcd: "http://etcd:2379/health",
  redis: "redis://:openIM123@redis:6379",
  kafka: "kafka://kafka:9092",
  minio: "http://minio:9000/minio/health/ready",
  "mongodb-stand-in": "mongodb://mongo:27017",
}

export const etcdAddress = "http://etcd:2379"
export const kafkaAddress = "kafka:9092"
export const redisAddress = "redis://:openIM123@redis:6379"
export const storeAddress = "mongodb://mongo:27017/openim_v3"
/** Where each program of the server has a container to itself, these are other ones. */
export const apiAddress = process.env.STACK_API ?? "http://server:10002"
export const gatewayAddress = process.env.STACK_GATEWAY ?? "ws://server:10001"
export const secondGatewayAddress = process.env.STACK_SECOND_GATEWAY ?? gatewayAddress
export const chatApiAddress = "http://chat:10008"
export const chatAdminAddress = "http://chat:10009"

/** A program under Pebble: its name there, and the host that it runs on. */
export interface Program {
  host: string
  name: string
}

export const serverPrograms = namesIn("STACK_SERVER_PROGRAMS")
// Without them, tests of each program would be none. Where the programs have separate containers, there are none in the server's.
if (process.env.RESULTS !== undefined && process.env.STACK_API === undefined && serverPrograms.length === 0) {
  throw new Error("STACK_SERVER_PROGRAMS is empty: it lists the programs of the server image, separated by commas")
}
export const chatPrograms = namesIn("STACK_CHAT_PROGRAMS")
/** The health checks of the images, as shell commands; a suite's own host name leads to its command. */
export const healthCommands: Record<string, string> = {
  ...(process.env.STACK_SERVER_HEALTH ? { server: process.env.STACK_SERVER_HEALTH } : {}),
  ...(process.env.STACK_CHAT_HEALTH ? { chat: process.env.STACK_CHAT_HEALTH } : {}),
}
/** Services that are not what they stand for, and what they are. */
const standIns = JSON.parse(process.env.STACK_STAND_INS ?? "{}") as Record<string, string>
/** What the store is, in words. */
export const store = standIns["mongodb-stand-in"] ?? "MongoDB"
/** How long everything together may take to become ready. */
export const limitSeconds = Number(process.env.STACK_LIMIT_SECONDS ?? 120)
export const resultsFolder = process.env.RESULTS ?? "/results"

export function programs(): Program[] {
  return [
    ...dependencies.map((name) => ({ host: name, name })),
    ...serverPrograms.map((name) => ({ host: "server", name })),
    ...chatPrograms.map((name) => ({ host: "chat", name })),
  ]
}

/** The program of that name, wherever it runs. */
export function programNamed(name: string): Program {
  const found = programs().find((program) => program.name === name)
  if (!found)
    throw new Error(
      `no program of the stack is named ${name}: ${programs()
        .map((program) => program.name)
        .join(", ")}`,
    )
  return found
}

export function titleOf({ host, name }: Program): string {
  return host === name ? name : `${host}/${name}`
}

function namesIn(variable: string): string[] {
  return (process.env[variable] ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean)
}
