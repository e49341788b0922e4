// How tools reach a registry: credentials, a certificate authority, plain HTTP. The same for regctl and cosign.

import { randomUUID } from "node:crypto"
import { type Container, dag, type File, type Secret, type Service } from "@dagger.io/dagger"
import { textBefore } from "../../base/text.js"
import { checkCredentials, dockerConfig } from "../../plan/publish/registries.js"
import { checkDockerConfig } from "../../plan/publish/secrets.js"
import type { Settings } from "../call/settings.js"
import { readSecrets } from "./secrets.js"

export interface RegistryAccess {
  username?: string
  password?: Secret
  /** A docker config.json instead of a user and a password. */
  config?: Secret
  /** The registry's certificate authority, PEM. */
  ca?: File
  plainHttp: boolean
  /** Answers under the registry's host name: a registry of this call's own. */
  service?: Service
}

/** What a call says of registries; what it does not say arrives as null. */
type GivenAccess = { [Key in keyof RegistryAccess]: RegistryAccess[Key] | null }

/** Fails for a user, a password or a config.json that could not be used, before anything is built. */
export async function readAccess(given: GivenAccess): Promise<RegistryAccess> {
  checkCredentials(Boolean(given.username), Boolean(given.password), Boolean(given.config))
  const texts = await readSecrets({ "registry-password": given.password, "registry-config": given.config })
  if (texts["registry-config"] !== undefined) checkDockerConfig(texts["registry-config"])
  return {
    username: given.username ?? undefined,
    password: given.password ?? undefined,
    config: given.config ?? undefined,
    ca: given.ca ?? undefined,
    plainHttp: given.plainHttp ?? false,
    service: given.service ?? undefined,
  }
}

const caFolder = "/run/registry-ca"

export async function withRegistryAccess(container: Container, registryHost: string, access: RegistryAccess): Promise<Container> {
  let ready = container
  const config = access.config ?? (await configOf(registryHost, access))
  if (config) ready = ready.withMountedSecret("/run/docker/config.json", config).withEnvVariable("DOCKER_CONFIG", "/run/docker")
  if (access.ca) {
    ready = ready.withMountedFile(`${caFolder}/ca.pem`, access.ca).withEnvVariable("SSL_CERT_DIR", `/etc/ssl/certs:${caFolder}`)
  }
  if (access.plainHttp) {
    const hosts = { hosts: { [registryHost]: { tls: "disabled" } } }
    ready = ready.withNewFile("/run/regctl.json", JSON.stringify(hosts)).withEnvVariable("REGCTL_CONFIG", "/run/regctl.json")
  }
  if (access.service) ready = ready.withServiceBinding(textBefore(registryHost, ":"), access.service)
  return ready
}

/** Registries of the call's own speak HTTP without TLS, and are the engine's localhost, which no container's is. */
export async function withRegistryServices(
  { registryServices = {} }: Pick<Settings, "registryServices">,
  container: Container,
): Promise<Container> {
  const names = Object.keys(registryServices)
  if (names.length === 0) return container
  const alias = (name: string) => `registry-${name.split(":")[1]}`
  const hosts = Object.fromEntries(names.map((name) => [name, { tls: "disabled", hostname: `${alias(name)}:${name.split(":")[1]}` }]))
  const bound = Object.entries(registryServices).reduce(
    (runner, [name, service]) => runner.withServiceBinding(alias(name), service),
    container,
  )
  return bound.withNewFile("/run/regctl.json", JSON.stringify({ hosts })).withEnvVariable("REGCTL_CONFIG", "/run/regctl.json")
}

async function configOf(host: string, { username, password }: RegistryAccess): Promise<Secret | undefined> {
  if (username === undefined || password === undefined) return undefined
  // A password from a file mostly ends with a line break.
  const text = dockerConfig(host, username, (await password.plaintext()).replace(/\r?\n$/, ""))
  // Its own name: two calls of one session may come as different users.
  return dag.setSecret(`registry-${randomUUID()}`, text)
}
