// What no other session gets from the cache of functions.

import { randomUUID } from "node:crypto"
import { type Container, dag } from "@dagger.io/dagger"

/**
 * Dagger answers the same call from its cache, in later sessions as well, but never with what depends on a secret that only
 * another session had. The image itself does not change.
 */
export function ofThisSession(container: Container): Container {
  const name = `SESSION_${randomUUID()}`
  return container.withSecretVariable(name, dag.setSecret(name, name)).withoutSecretVariable(name)
}
