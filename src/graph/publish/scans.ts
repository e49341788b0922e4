// Known vulnerabilities in an image.

import type { Container, File, Service } from "@dagger.io/dagger"
import { type Finding, grypeFindings } from "../../plan/supplychain/findings.js"
import type { Layout } from "../build/layouts.js"
import { explain, tailOf } from "../call/failures.js"
import type { Settings } from "../call/settings.js"
import { toolbox } from "../call/toolbox.js"

/** Where the list of vulnerabilities comes from: a file, or the address of those that publish one. */
export interface VulnerabilitySource {
  file?: File
  address?: string
  /** Answers at the address's host: for tests. */
  service?: Service
}

/** Where grype's makers publish a database every day. */
export const publicDatabase = "https://grype.anchore.io/databases"

/** A `nonce` that was never used before has the publishers asked again. */
export async function scanImage(settings: Settings, layout: Layout, database: VulnerabilitySource, nonce: string): Promise<Finding[]> {
  const grype = (await toolbox(settings, ["grype"]))
    .withEnvVariable("NO_COLOR", "1")
    .withEnvVariable("GRYPE_CHECK_FOR_APP_UPDATE", "false")
    .withEnvVariable("GRYPE_DB_AUTO_UPDATE", "false")
    // Whoever gives a database knows how old it is; a published one has just been fetched.
    .withEnvVariable("GRYPE_DB_VALIDATE_AGE", "false")
    .withEnvVariable("GRYPE_DB_CACHE_DIR", "/database")
  const ready = database.file ? await imported(grype, database.file) : await fetched(grype.withEnvVariable("ASKED", nonce), database)
  const scanned = ready
    .withMountedDirectory("/layout", layout.directory)
    .withExec(["grype", "--quiet", "oci-dir:/layout", "-o", "json=/findings.json"])
  const text = await explain("the image cannot be scanned", "call again with --progress=plain to see each step", () =>
    scanned.file("/findings.json").contents(),
  )
  return grypeFindings(text)
}

async function fetched(grype: Container, { address = publicDatabase, service }: VulnerabilitySource): Promise<Container> {
  const bound = service ? grype.withServiceBinding(new URL(address).hostname, service) : grype
  try {
    return await bound.withEnvVariable("GRYPE_DB_UPDATE_URL", address).withExec(["grype", "db", "update"]).sync()
  } catch (error) {
    throw new Error(
      `the vulnerability database cannot be downloaded from ${address} (${reasonOf(error)}). ` +
        "Download its archive where it is available (v6/latest.json there names it), and give that file as --database",
    )
  }
}

async function imported(grype: Container, database: File): Promise<Container> {
  const name = await database.name()
  try {
    return await grype
      .withMountedFile(`/given/${name}`, database)
      .withExec(["grype", "db", "import", `/given/${name}`])
      .sync()
  } catch (error) {
    throw new Error(
      `--database ${name} is not a vulnerability database for grype (${reasonOf(error)}). ` +
        `Give an archive from ${publicDatabase} (.tar.zst, .tar.gz), or a database file (.db)`,
    )
  }
}

/** Grype's last line, without the time and the level in front. */
function reasonOf(error: unknown): string {
  return tailOf(error, 1).replace(/^\[\d+\]\s+ERROR\s+/, "")
}
