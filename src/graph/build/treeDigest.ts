// The digest of a folder's files, as a container sees them.

import type { Container, Directory } from "@dagger.io/dagger"
import { textBefore } from "../../base/text.js"
import { ownText } from "../../catalogue/ownFiles.js"

/** Of names, contents, links and what may be run. A directory's own digest is only the same on the same engine. */
export async function treeDigest(runner: Container, directory: Directory): Promise<string> {
  const output = await runner
    .withMountedDirectory("/tree", directory)
    .withExec(["bash", "-c", ownText("shell/tree-digest.sh")])
    .stdout()
  return textBefore(output, " ")
}
