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

/** Of a folder whose Dockerfiles are read. */
export const DOCKERFILES = ["**/.git", "**/node_modules"]

/** Of this project, for all of its tests. */
export const CHECKOUT = [
  "**/node_modules",
  ".git",
  "sdk",
  "report",
  "compose/*/.*",
  "compose/*/secrets",
  "compose/*/tls",
  "compose/*/ca",
  "compose/*/acme",
]

/** Of this project, what is generated below compose/ and charts/: beside it stand the passwords of a site. */
export const COMPOSE = [
  "*",
  "!charts",
  "!compose/*/docker-compose.prod.yml",
  "!compose/*/env.template",
  "!compose/*/haproxy.cfg",
  "!compose/*/files",
  "!compose/*/monitoring/prometheus.yml",
  "!compose/*/monitoring/rules.yml",
  "!compose/*/monitoring/alertmanager.yml",
  "!compose/*/deployment.json",
  "!compose/*/README.md",
]

/** Of this project, for the tests that run on a stack. */
export const STACK_TESTS = ["*", "!package.json", "!package-lock.json", "!.npmrc", "!tsconfig.json", "!tests/stacks"]

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
  "!docs/kubernetes.md",
  "!examples/*/kubernetes",
  "!LICENSE",
]

/** Of this project, for new pins and all that is written from them. */
export const PINS = [
  "*",
  "!stacks",
  "!charts",
  "!dockerfiles/*.Dockerfile",
  "!dockerfiles/*/*.Dockerfile",
  "!compose/*/docker-compose.prod.yml",
  "!compose/*/env.template",
  "!compose/*/haproxy.cfg",
  "!compose/*/files",
  "!compose/*/monitoring/prometheus.yml",
  "!compose/*/monitoring/rules.yml",
  "!compose/*/monitoring/alertmanager.yml",
  "!compose/*/deployment.json",
  "!compose/*/README.md",
]

/** The two before. */
export const RELEASE = [
  "*",
  "!stacks",
  "!charts",
  "!dockerfiles/*.Dockerfile",
  "!dockerfiles/*/*.Dockerfile",
  "!compose/*/docker-compose.prod.yml",
  "!compose/*/env.template",
  "!compose/*/haproxy.cfg",
  "!compose/*/files",
  "!compose/*/monitoring/prometheus.yml",
  "!compose/*/monitoring/rules.yml",
  "!compose/*/monitoring/alertmanager.yml",
  "!compose/*/deployment.json",
  "!compose/*/README.md",
  "!package.json",
  "!package-lock.json",
  "!.npmrc",
  "!tsconfig.json",
  "!tests/stacks",
]
