// Fetches what builds take from outside, item by item, into a bundle.

import { type Container, dag, type Directory } from "@dagger.io/dagger"
import type { PackagedEntry } from "../catalogue/types.js"
import { type BundleItem, type BundleRecord, bundleItems, type BundleWish, itemTitle } from "../plan/bundleItems.js"
import { imageOf } from "../plan/components.js"
import { newer } from "../plan/go.js"
import { fetchScript } from "../plan/modules.js"
import { archiveFilePlan, periodOf } from "../plan/packaged.js"
import { planPackages } from "../plan/packages.js"
import { type PrewarmRow, prewarmTable, progressLine, retried, trySeconds } from "../plan/prewarm.js"
import { pullFirst, withFolders, withSystemPackages } from "./bases.js"
import { checkBundle, nameOf } from "./bundle.js"
import { tailOf } from "./failures.js"
import { javaArtifacts } from "./java.js"
import { packageMirrors } from "./mirrors.js"
import { fetchedPackages, withPackages } from "./packages.js"
import { log, type Settings } from "./settings.js"
import { resolveSource } from "./sources.js"
import { toolbox } from "./toolbox.js"
import { goToolchain, toolPin } from "./toolchain.js"

export interface Prewarmed {
  bundle: Directory
  rows: PrewarmRow[]
}

/** How many items are fetched at the same time. */
const atOnce = 3

/** What the bundle given by the settings has is not fetched again. One failed item does not keep the others from being fetched. */
export async function prewarmed(given: Settings, wish: BundleWish): Promise<Prewarmed> {
  const { bundle: before, catalogue } = given
  const items = bundleItems(catalogue, wish)
  if (before) await checkBundle(catalogue, before, [])
  // Programs are made from packages with a bundle, so that is what is fetched; images come from wherever they can be had.
  const online: Settings = { ...given, bundle: undefined }
  const rows: PrewarmRow[] = []
  const contents: Directory[] = []
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      const title = itemTitle(catalogue, item)
      const name = await nameOf(catalogue, item)
      const began = Date.now()
      const row: PrewarmRow = { title, result: "fetched", bytes: 0, seconds: 0 }
      const kept = before?.records[name]
      if (kept) Object.assign(row, { result: "in the bundle", bytes: kept.bytes })
      else {
        try {
          const sealed = await retried(title, () => sealedItem(online, item, name, title), log)
          contents.push(sealed.directory)
          row.bytes = sealed.bytes
        } catch (error) {
          Object.assign(row, { result: "failed", reason: (error as Error).message.replace(`${title}: nothing worked: `, "") })
        }
        row.seconds = (Date.now() - began) / 1000
      }
      rows.push(row)
      log(progressLine(rows.length, items.length, row))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const titles = items.map((item) => itemTitle(catalogue, item))
  rows.sort((a, b) => titles.indexOf(a.title) - titles.indexOf(b.title))
  const bundle = contents.reduce((all, one) => all.withDirectory(".", one), before?.directory ?? dag.directory())
  const needed = await Promise.all(items.map((item) => nameOf(catalogue, item)))
  // What ./daggerw bundle prune keeps.
  const named = bundle.withNewFile("needed.txt", `${needed.join("\n")}\n`)
  return { bundle: named.withNewFile("report.txt", prewarmTable(rows)), rows }
}

interface FetchedItem {
  /** Files at their places in a bundle. */
  directory: Directory
  facts?: Partial<BundleRecord>
}

/** An item with the record and the checksums that make it one. */
async function sealedItem(settings: Settings, item: BundleItem, name: string, title: string): Promise<{ directory: Directory; bytes: number }> {
  const { directory, facts } = await fetchItem(settings, item, name)
  const box = await toolbox(settings, [])
  const sums = `/sums/${name}.sha256`
  const summed = box.withMountedDirectory("/content", directory).withWorkdir("/content").withExec(["sh", "-euc", sumFiles, "sum", sums])
  const bytes = Number(await summed.stdout())
  const record: BundleRecord = { kind: item.kind, title, bytes, ...facts }
  return {
    bytes,
    directory: directory
      .withFile(`items/${name}.sha256`, summed.file(sums))
      .withNewFile(`items/${name}.json`, `${JSON.stringify(record, null, 2)}\n`),
  }
}

const sumFiles = `
mkdir -p "$(dirname "$1")"
find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0r sha256sum > "$1"
find . -type f -printf '%s\\n' | awk '{ all += $1 } END { printf "%d", all }'
`

async function fetchItem(settings: Settings, item: BundleItem, name: string): Promise<FetchedItem> {
  const { catalogue } = settings
  switch (item.kind) {
    case "image": {
      const { container, reference } = await pullFirst(settings, item.references)
      return { directory: dag.directory().withFile(`images/${name}.tar`, container.asTarball()), facts: { reference, pulled: settings.from === "registry" } }
    }
    case "packages":
      return packagesItem(settings, item, name)
    case "source":
      return sourceItem(settings, item.source)
    case "tool": {
      const pin = toolPin(settings, item.tool)
      const source = item.source === undefined ? undefined : await resolveSource(settings, item.source)
      const go = await goFromPackages(settings, source === undefined ? pin.go : newer(source.goVersion, pin.go))
      const wanted = [pin.module, pin.version, pin.sum, pin.package]
      return { directory: await modules(withFetch(go), `${fetchSource} && go list -deps "./$4"`, wanted) }
    }
    case "helper": {
      const go = await goFromPackages(settings, catalogue.pins.go)
      const source = dag.currentModule().source().directory(`go/${item.helper}`)
      const prepared = go.withDirectory("/helper", source, { exclude: ["*_test.go"] }).withWorkdir("/helper")
      return { directory: await modules(prepared, "go list -deps .", []) }
    }
    case "java":
      return { directory: await javaArtifacts(settings, item.java) }
    case "archive": {
      const component = imageOf(catalogue, item.component) as PackagedEntry
      const plan = archiveFilePlan(catalogue, component, item.build, "/archives", await settings.mirrors.of("archive"))
      const fetched = await withPackages(await toolbox(settings, [], ["curl"]), plan)
      return { directory: dag.directory().withDirectory("archives", fetched.directory("/archives")) }
    }
  }
}

/** Just the versions that a build installs now: what it asked the repositories, maybe days ago, counts, not what they have today. */
async function packagesItem(settings: Settings, { image, distribution, want, rhythm, folders }: Extract<BundleItem, { kind: "packages" }>, name: string): Promise<FetchedItem> {
  const pulled = await pullFirst(settings, [image])
  const asOf = rhythm === undefined ? undefined : periodOf(rhythm, new Date())
  const ready = { ...pulled, container: withFolders(pulled.container, folders ?? []) }
  const prepared = await withSystemPackages(settings, ready, distribution, want, asOf)
  const [before, after] = await Promise.all([pulled.container, prepared].map(installedPackages))
  const added = after.filter((line) => !before.includes(line))
  const facts = { image: pulled.reference, packages: packageVersions(added) }
  const folder = `packages/${name}`
  if (added.length === 0) return { directory: dag.directory().withNewDirectory(folder), facts }
  const exact = added.map((line) => line.split(" ")[2])
  const plan = planPackages({ distribution, want: exact, mirrors: await packageMirrors(settings, distribution), limitSeconds: trySeconds })
  return { directory: dag.directory().withDirectory(folder, await indexed(settings, distribution, await fetchedPackages(pulled.container, plan))), facts }
}

/** NAME VERSION SPECIFICATION, the last one as the distribution's package manager takes it. */
export async function installedPackages(container: Container): Promise<string[]> {
  return (await container.withExec(["sh", "-c", listInstalled]).stdout()).trim().split("\n")
}

export function packageVersions(lines: string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => line.split(" ").slice(0, 2)))
}

const listInstalled = `
if command -v dpkg-query > /dev/null; then dpkg-query -W -f '\${Package} \${Version} \${Package}=\${Version}\\n'
elif command -v rpm > /dev/null; then rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE} %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n'
else awk -F: '/^P:/ { name = $2 } /^V:/ { print name, $2, name "=" $2 }' /lib/apk/db/installed
fi | LC_ALL=C sort`

/** apt's and apk's repositories have their index from their own tools; rpm's is made with one that Debian has. */
async function indexed(settings: Settings, distribution: string, folder: Directory): Promise<Directory> {
  if ((await folder.glob("**/*.rpm")).length === 0) return folder
  const box = await toolbox(settings, [], ["createrepo-c"])
  return box.withDirectory("/repository", folder).withExec(["createrepo_c", "--quiet", "/repository"]).directory("/repository")
}

async function sourceItem(settings: Settings, name: string): Promise<FetchedItem> {
  const source = await resolveSource(settings, name)
  const go = await goFromPackages(settings, source.goVersion)
  const { module } = settings.catalogue.sources[name]
  const pin = settings.catalogue.pins.sources[name]
  const own = settings.custom?.of === name
  // A source of the caller's own comes along with each call; only what it imports must be there.
  const prepared = own ? go.withDirectory("/module/source", source.directory).withWorkdir("/module/source") : withFetch(go)
  const command = own ? "go mod download" : `${fetchSource} && go mod download`
  return { directory: await modules(prepared, command, [module, pin.version, pin.sum ?? ""]) }
}

/** As builds with a bundle have it: from the distribution, with any other version as a module. */
async function goFromPackages(settings: Settings, version: string): Promise<Container> {
  return (await goToolchain(settings, version, ["distribution"])).container
}

const fetchSource = `rm -rf source && /module/fetch "$1" "$2" "$3" && cd source`

function withFetch(go: Container): Container {
  return go.withNewFile("/module/fetch", fetchScript, { permissions: 0o755 }).withWorkdir("/module")
}

/** The modules that a command asks for, as files for GOPROXY. */
async function modules(go: Container, command: string, words: string[]): Promise<Directory> {
  const fetch = dag.currentModule().source().file("shell/fetch-modules.sh")
  const fetched = go
    .withMountedFile("/fetch-modules", fetch)
    .withExec(["sh", "/fetch-modules", String(trySeconds), "sh", "-euc", `${command} > /dev/null`, "modules", ...words])
  try {
    return await fetched.directory("/out").sync()
  } catch (error) {
    throw new Error(tailOf(error, 3))
  }
}
