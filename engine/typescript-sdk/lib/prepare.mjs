// Run once for each state of a module's sources: scans them and compiles them, with the SDK, the generated client and
// their dependencies, into one file that Node starts fast.
//
// usage: prepare.mjs MODULE_NAME, in the module's folder. Writes .dagger/scan.json and .dagger/call.mjs.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"
import ts from "typescript"
import { scan } from "../node_modules/@dagger.io/dagger/dist/src/module/introspector/index.js"
import { dump } from "./scan-data.mjs"

const [moduleName] = process.argv.slice(2)
const lib = import.meta.dirname
const sdk = resolve(lib, "../node_modules/@dagger.io/dagger/dist/src")
const client = join(sdk, "api/client.gen.ts")
const out = resolve(".dagger")

// What is wrong with a module's sources is for its author: the message, not this file's stack.
process.on("uncaughtException", (error) => {
  console.error(error.errors ? "the module's sources do not compile" : error.message)
  process.exit(1)
})
const sources = (existsSync("src") ? readdirSync("src", { recursive: true, encoding: "utf8" }) : [])
  .filter((file) => /\.m?ts$/.test(file) && !file.endsWith(".d.ts"))
  .map((file) => resolve("src", file))
  .sort()

if (sources.length === 0) throw new Error("the module has no TypeScript source below src/")
mkdirSync(out, { recursive: true })
// The client comes last, as in the SDK's own introspection: the first declaration of a name wins.
const found = await scan([...sources, client], moduleName, false)
writeFileSync(join(out, "scan.json"), JSON.stringify(dump(found)))

await build({
  stdin: {
    contents: [
      `import { call } from ${JSON.stringify(join(lib, "call.mjs"))}`,
      ...sources.map((file, i) => `import * as m${i} from ${JSON.stringify(file)}`),
      `import scanned from ${JSON.stringify(join(out, "scan.json"))}`,
      `await call([${sources.map((_, i) => `m${i}`).join(", ")}], scanned)`,
    ].join("\n"),
    resolveDir: process.cwd(),
    loader: "js",
  },
  outfile: join(out, "call.mjs"),
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  keepNames: true,
  sourcemap: "linked",
  sourcesContent: false,
  logLevel: "warning",
  // CommonJS dependencies call require for Node's own modules.
  banner: { js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url)` },
  tsconfigRaw: { compilerOptions: { ...moduleCompilerOptions(), experimentalDecorators: true } },
  plugins: [sdkOfThisModule(), ownLocation()],
})

/** The module's own tsconfig.json, less what belongs to an editor: where to find the SDK. */
function moduleCompilerOptions() {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile)
  const { paths, baseUrl, ...options } = config?.compilerOptions ?? {}
  return options
}

/** One SDK and one client for the module, whichever way it names them. */
function sdkOfThisModule() {
  return {
    name: "sdk",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^@dagger\.io\/dagger$|\/sdk\/(core|index)\.js$/ }, () => ({ path: join(sdk, "index.js") }))
      onResolve({ filter: /^@dagger\.io\/dagger\/telemetry$/ }, () => ({ path: join(sdk, "telemetry/index.js") }))
      onLoad({ filter: /\/dagger\/dist\/src\/api\/client\.gen\.js$/ }, () => ({
        contents: readFileSync(client, "utf8"),
        loader: "ts",
        resolveDir: join(sdk, "api"),
      }))
      // What no call uses is left out: the compiler (it served the scan; the SDK's classes name it at the top of their
      // files) and the download of a Dagger CLI (a function call always runs inside a session).
      onResolve({ filter: /^typescript$|\/provisioning\/index\.js$/ }, ({ path, importer }) =>
        importer.startsWith(sdk) ? { path, namespace: "unused" } : undefined,
      )
      onLoad({ filter: /.*/, namespace: "unused" }, ({ path }) => ({
        contents: [
          `const anything = new Proxy(() => {}, { get: (_, name) => (name === Symbol.toPrimitive ? () => "" : anything) })`,
          `export { anything as default, anything as withEngineSession }`,
        ].join("\n"),
        loader: "js",
      }))
    },
  }
}

/** A bundle has one import.meta; a source file that asks for its own place gets the place it had. */
function ownLocation() {
  return {
    name: "own-location",
    setup({ onLoad }) {
      onLoad({ filter: /\.m?ts$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8")
        if (!text.includes("import.meta")) return undefined
        const literal = JSON.stringify
        const contents = text
          .replaceAll("import.meta.dirname", literal(resolve(path, "..")))
          .replaceAll("import.meta.filename", literal(path))
          .replaceAll("import.meta.url", literal(pathToFileURL(path).href))
        return { contents, loader: "ts" }
      })
    },
  }
}
