// Secrets as a call gives them: read once before the first step, so that one that is missing costs no build.

import type { Secret } from "@dagger.io/dagger"
import { emptySecret, missingSecret } from "../../plan/publish/secrets.js"
import { tailOf } from "../call/failures.js"

/** Each by the option that gave it. Answers with their texts; an absent option has none. */
export async function readSecrets<Option extends string>(
  given: Record<Option, Secret | null | undefined>,
): Promise<Partial<Record<Option, string>>> {
  const texts: Partial<Record<Option, string>> = {}
  for (const [option, secret] of Object.entries(given) as [Option, Secret | null | undefined][]) {
    if (!secret) continue
    const text = await secret.plaintext().catch((error: unknown) => {
      throw new Error(missingSecret(option, tailOf(error, 1)))
    })
    if (text.trim() === "") throw new Error(emptySecret(option))
    texts[option] = text
  }
  return texts
}
