// Builds twice, with what compilers have kept and from empty caches, and compares the digests.

import { dag } from "@dagger.io/dagger"
import type { BuildRequest } from "../../src/graph/build/components.js"
import { componentImage } from "../../src/graph/build/components.js"
import { type BuiltImage, imageLayout, type Layout, layoutArchive } from "../../src/graph/build/layouts.js"
import { treeDigest } from "../../src/graph/build/treeDigest.js"
import { platform, type Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { emptyBuildCache } from "../../src/graph/toolchains/go/caches.js"
import type { TestCase } from "../../src/plan/tests/suites.js"

interface Build {
  image: BuiltImage
  layout: Layout
}

/** The nonce may be anything that was never used: it is what keeps an earlier result from being taken. */
export async function reproducibleTests(settings: Settings, request: BuildRequest, nonce: string): Promise<TestCase[]> {
  const build = async (emptyCaches: boolean): Promise<Build> => {
    const image = await componentImage({ ...settings, fresh: `${nonce}-${emptyCaches}`, emptyCaches }, request)
    return { image, layout: await imageLayout(settings, image) }
  }
  // One after the other: together they might share what the first has just made.
  const first = await build(false)
  await emptyBuildCache(await toolbox(settings, []), nonce)
  const second = await build(true)
  const ok = first.layout.digest === second.layout.digest
  const detail = ok ? first.layout.digest : await difference(settings, first.layout, second.layout)
  return [
    { name: `two builds of ${request.component} have the same digest, one of them from empty caches`, ok, detail },
    await sameFiles(settings, first),
    await archiveNames(settings, first),
  ]
}

/** Layers are packed and put together by ourselves: what comes out of them must be what was built. */
async function sameFiles(settings: Settings, { image, layout }: Build): Promise<TestCase> {
  const archive = await layoutArchive(settings, layout, ["shop/image:v1", "shop/image:latest"])
  const unpacked = dag.container({ platform }).import_(archive)
  const box = await toolbox(settings, [])
  const [built, there] = await Promise.all([image.container, unpacked].map((container) => treeDigest(box, container.rootfs())))
  return { name: "its layers hold the files that were built", ok: built === there, detail: `${built} built, ${there} in the layers` }
}

/** For docker load all of them; one for the tools that ask which one is meant where there are several. */
async function archiveNames(settings: Settings, { layout }: Build): Promise<TestCase> {
  const archive = await layoutArchive(settings, layout, ["shop/image:v1", "shop/image:latest"])
  const box = (await toolbox(settings, [])).withMountedFile("/image.tar", archive)
  const read = (name: string) => box.withExec(["tar", "-xOf", "/image.tar", name]).stdout()
  const [docker, index] = (await Promise.all([read("manifest.json"), read("index.json")])).map((text) => JSON.parse(text))
  const names = docker[0].RepoTags.join(" ")
  const entries = index.manifests.map(
    ({ digest, annotations }: { digest: string; annotations?: Record<string, string> }) =>
      `${digest} ${annotations?.["org.opencontainers.image.ref.name"]}`,
  )
  const ok =
    names === "shop/image:v1 shop/image:latest" && entries.length === 1 && entries[0].startsWith(layout.digest) && entries[0].endsWith("v1")
  return { name: "an archive has the image's names", ok, detail: `${names}; ${entries.join(", ")}` }
}

async function difference(settings: Settings, first: Layout, second: Layout): Promise<string> {
  const box = await toolbox(settings, ["regctl"])
  return box
    .withMountedDirectory("/first", first.directory)
    .withMountedDirectory("/second", second.directory)
    .withExec(["sh", "-c", compare])
    .stdout()
}

const compare = `
for side in first second; do
  regctl image inspect "ocidir:///$side:latest" >/tmp/$side.json
  regctl manifest get "ocidir:///$side:latest" --format '{{range .Layers}}{{.Digest}}
{{end}}' >/tmp/$side.layers
done
diff /tmp/first.json /tmp/second.json
paste /tmp/first.layers /tmp/second.layers | while read -r a b; do
  [ "$a" = "$b" ] && continue
  echo "layer $a differs from $b:"
  for pair in "first $a" "second $b"; do
    mkdir "/tmp/\${pair%% *}"
    tar -C "/tmp/\${pair%% *}" -xf "/\${pair%% *}/blobs/sha256/\${pair##*:}"
  done
  diff -rq --no-dereference /tmp/first /tmp/second
  rm -rf /tmp/first /tmp/second
done
exit 0`
