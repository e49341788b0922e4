// Makes openimctl.mjs, the program of a kit, as one file: node host/build-openimctl.mjs FILE. Needs host's packages (npm ci).
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const host = dirname(fileURLToPath(import.meta.url))
const [target] = process.argv.slice(2)
if (!target) {
  console.error("usage: node host/build-openimctl.mjs FILE")
  process.exit(2)
}
const modules = join(host, "node_modules")
await createRequire(join(host, "package.json"))("esbuild").build({
  entryPoints: [join(host, "openimctl.ts")],
  outfile: target,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  minifySyntax: true,
  legalComments: "none",
  // A kit is made where the project's own settings of TypeScript are not.
  tsconfigRaw: {},
  nodePaths: [modules],
  alias: { "zx/core": join(modules, "zx/build/core.js") },
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  logLevel: "warning",
})
