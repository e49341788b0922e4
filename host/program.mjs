// Makes the program behind ./daggerw from the sources in this folder: installs the lock file's packages into a temporary folder,
// bundles, renames. Node's own modules only, since nothing else is there yet.
//
// usage: program.mjs PROJECT KEY, with the cache folder in OPENIM_CACHE
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

const [project, key] = process.argv.slice(2)
const cache = process.env.OPENIM_CACHE
const home = join(cache, "host")
const target = join(home, key)
/** Long after the slowest npm ci, so that no folder in use is taken for a leftover. */
const LEFTOVER_MS = 3600_000

let folder
let full = false
try {
  mkdirSync(home, { recursive: true })
  for (const name of readdirSync(home)) {
    const path = join(home, name)
    if (name.startsWith("tmp-") && Date.now() - statSync(path).mtimeMs > LEFTOVER_MS) rmSync(path, { recursive: true, force: true })
  }
  console.error("daggerw: preparing the wrapper itself (about 5 s)")
  folder = mkdtempSync(join(home, "tmp-"))
  await bundle()
  // A second caller may have been quicker: the same sources give the same program.
  if (existsSync(target)) rmSync(folder, { recursive: true, force: true })
  else renameSync(folder, target)
} catch (error) {
  // npm leaves out an optional package that does not fit on the disk, and says nothing.
  full = existsSync(home) && statfsSync(home).bavail * statfsSync(home).bsize < 1e6
  if (folder) rmSync(folder, { recursive: true, force: true })
  if (!existsSync(join(target, "main.mjs"))) {
    console.error(`daggerw: error: ${explain(error)}`)
    process.exit(1)
  }
}

async function bundle() {
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(project, "host", name), join(folder, name))
  install(await registries())
  const { build } = createRequire(join(folder, "package.json"))("esbuild")
  await build({
    entryPoints: ["host/main.ts", "host/openimctl.ts"].map((file) => join(project, file)),
    outdir: folder,
    bundle: true,
    // The slow path and its packages are separate files, read only when they are needed.
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node18",
    outExtension: { ".js": ".mjs" },
    loader: { ".sh": "text" },
    nodePaths: [join(folder, "node_modules")],
    alias: { "zx/core": join(folder, "node_modules/zx/build/core.js") },
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    logLevel: "silent",
  })
  for (const name of ["node_modules", "package.json", "package-lock.json"]) rmSync(join(folder, name), { recursive: true, force: true })
}

/** From the first registry that has them; undefined is npm's own choice. */
function install([registry, ...others]) {
  const downloads = process.env.OPENIM_DOWNLOADS || join(cache, "downloads")
  const npm = spawnSync(
    "npm",
    ["ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: folder,
      env: {
        // Without a network, npm would try again for minutes without a word.
        npm_config_fetch_retry_mintimeout: "1000",
        npm_config_fetch_retry_maxtimeout: "5000",
        ...process.env,
        ...(registry && { npm_config_registry: registry, npm_config_fetch_retries: "0", npm_config_fetch_timeout: "10000" }),
        npm_config_cache: join(downloads, "npm"),
        npm_config_update_notifier: "false",
      },
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    },
  )
  if (npm.error) throw new Error(`npm could not be run (${npm.error.message})`)
  if (npm.signal) process.kill(process.pid, npm.signal)
  if (npm.status === 0) return
  const reason = npm.stderr.trim().split("\n").slice(0, 4).join(" / ")
  if (others.length === 0) throw new Error(`npm ci failed: ${reason}`)
  console.error(`daggerw: npm packages: ${registry} refused: ${reason}`)
  install(others)
}

/** The mirrors of npm that OPENIM_MIRRORS names, where the user has chosen no registry. */
async function registries() {
  const words = (process.env.OPENIM_MIRRORS ?? "").split(/[\s,]+/).filter(Boolean)
  if (words.length === 0 || process.env.npm_config_registry) return [undefined]
  const { stdout } = spawnSync("npm", ["config", "get", "registry"], { encoding: "utf8" })
  if (stdout?.trim() !== "https://registry.npmjs.org/") return [undefined]
  // Nothing is compiled yet; the file has no types.
  const text = readFileSync(join(project, "src/mirrors/presets.ts"), "utf8")
  const { mirrorPresets } = await import(`data:text/javascript,${encodeURIComponent(text)}`)
  const named = (word) =>
    word.startsWith("npm=") ? [word.slice(4)] : [mirrorPresets[word]?.npm ?? [], ...(mirrorPresets[word]?.then ?? []).map(named)].flat()
  return [...new Set(words.flatMap(named)), undefined]
}

function explain(error) {
  const text = error instanceof Error ? error.message : String(error)
  if (full)
    return "the wrapper could not be prepared: the disk is full\ndaggerw: next: free some space, or set OPENIM_CACHE to a folder on a larger disk"
  const next = /ENOSPC|no space left/i.test(text)
    ? "the disk is full: free some space, or set OPENIM_CACHE to a folder on a larger disk"
    : /EACCES|EPERM|EROFS|ENOTDIR/.test(text)
      ? "set OPENIM_CACHE to a folder you may write to"
      : /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET/.test(text)
        ? "the npm registry cannot be reached: check the connection, or set npm_config_registry or HTTPS_PROXY"
        : ""
  return `the wrapper could not be prepared: ${text}${next ? `\ndaggerw: next: ${next}` : ""}`
}
