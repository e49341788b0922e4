// What a function does not take of a folder, so that it is not uploaded and changes there do not matter. Dagger reads these lists from
// the source: they must be plain constants.

/** Of a source: its history but for the commit, and what builds and runs leave there. */
export const SOURCE = [
  ".git/**",
  "!.git/HEAD",
  "!.git/packed-refs",
  "!.git/refs/heads",
  "_output/**",
  "!_output/**/*.go",
  "node_modules/**",
  "!node_modules/**/*.go",
  "logs/**/*.log",
  "logs/**/*.log.*",
  "logs/**/*.20[0-9][0-9]-*",
]

/** Of this project, for all of its tests. */
export const CHECKOUT = ["**/node_modules", ".git", "sdk", "report"]

/** Of this project, for the tests that run on a stack. */
export const STACK_TESTS = ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stack"]

/** Of this project, for the kit of a server: its program, and what it says about itself. */
export const KIT = [
  "*",
  "!host",
  "host/node_modules",
  "!src/base",
  "!src/mirrors",
  "!src/plan/deploy",
  "!openimctl",
  "!docs/deploy.md",
  "!docs/operate.md",
  "!LICENSE",
]

/** Of this project, for new pins and all that is written from them. */
export const PINS = ["*", "!stacks", "!compose", "!dockerfiles/*.Dockerfile"]

/** The two before. */
export const RELEASE = [
  "*",
  "!stacks",
  "!compose",
  "!dockerfiles/*.Dockerfile",
  "!package.json",
  "!package-lock.json",
  "!.npmrc",
  "!tsconfig.json",
  "!tests/stack",
]
