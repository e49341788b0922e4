// Node in a container, from its image or from the one that every stack has.

import type { Container } from "@dagger.io/dagger"
import { firstOf } from "../../../base/attempts.js"
import { pinnedImage } from "../../../catalogue/lookup.js"
import { compilerImage } from "../../../plan/toolchains/images.js"
import { servesFor } from "../../../plan/toolchains/node/version.js"
import { freshened, fromFirst } from "../../build/bases.js"
import { tailOf } from "../../call/failures.js"
import { log, type Settings } from "../../call/settings.js"
import type { PreparedToolchain } from "../toolchain.js"

/** The wanted Node; where no registry has it, the one of images.node, which an engine from packages has. */
export async function nodeToolchain(settings: Settings, version = ""): Promise<PreparedToolchain> {
  const { catalogue, from, bundle } = settings
  const usual = { name: "images.node", reference: pinnedImage(catalogue, "node") }
  const wanted = { name: "official image", reference: compilerImage(catalogue, "nodejs", version || "lts") }
  const order = bundle ? [usual] : from === "registry" ? [wanted, usual] : [usual, wanted]
  const outcome = await firstOf(
    `Node ${version}`.trim(),
    order.map(({ name, reference }) => ({ name, limitSeconds: 600, run: () => found(settings, reference, version) })),
    log,
  )
  const { container, actual } = outcome.value
  if (version !== "" && !`${actual}.`.startsWith(`${version}.`)) log(`the source asks for Node ${version}; ${actual} is used`)
  return { name: "node", version: actual, container }
}

async function found(settings: Settings, reference: string, version: string): Promise<{ container: Container; actual: string }> {
  try {
    const container = freshened(settings, await fromFirst(settings, [reference]))
    const actual = (await container.withExec(["node", "--version"]).stdout()).trim().replace(/^v/, "")
    if (!servesFor(version, actual)) throw new Error(`it has Node ${actual}, which is too old`)
    return { container: await withManagers(settings, container), actual }
  } catch (error) {
    throw new Error(tailOf(error, 3))
  }
}

async function withManagers(settings: Settings, container: Container): Promise<Container> {
  const [registry] = settings.bundle ? [] : await settings.mirrors.of("npm")
  const named = registry === undefined ? container : container.withEnvVariable("npm_config_registry", registry)
  return (
    named
      // Node has its own certificates; this adds those of the container, where the engine puts a company's own.
      .withEnvVariable("NODE_USE_SYSTEM_CA", "1")
      .withEnvVariable("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
      .withEnvVariable("npm_config_update_notifier", "false")
      .withEnvVariable("CI", "true")
  )
}
