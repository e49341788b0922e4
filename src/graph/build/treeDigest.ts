// The digest of a folder's files, as a container sees them.

import type { Container, Directory } from "@dagger.io/dagger"
import { textBefore } from "../../base/text.js"

/** Of names, contents, links and what may be run. A directory's own digest is only the same on the same engine. */
export async function treeDigest(box: Container, directory: Directory): Promise<string> {
  const output = await box.withMountedDirectory("/tree", directory).withExec(["bash", "-euo", "pipefail", "-c", digestTree]).stdout()
  return textBefore(output, " ")
}

const digestTree = `
cd /tree
{
  find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
  find . \\( -type l -printf '%p -> %l\\n' \\) -o \\( -type f -perm /111 -printf '%p x\\n' \\) | LC_ALL=C sort
} | sha256sum`
