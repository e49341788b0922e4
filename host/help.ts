// Help of our verbs; all other help is dagger's.
import { USAGE } from "./bundle"
import { VARIABLES } from "./env"
import { cacheDir } from "./paths"
import { DAGGER } from "./versions"

export function help(): string {
  const width = Math.max(...VARIABLES.map(({ name }) => name.length))
  return `./daggerw ARGUMENTS…  runs \`dagger ARGUMENTS…\` (${DAGGER}); it first gets the CLI and starts an engine, if they are missing.

./daggerw engine status                which engine, where, since when, how large; exit code 3 when none answers
./daggerw engine start                 prepares everything, as a first call would
./daggerw engine stop                  stops the engine; its cache stays
./daggerw engine logs [-f]             the engine's log
./daggerw engine prune [--all] [--yes] removes what is no longer used; with --all also the engine's cache and downloads
./daggerw engine doctor                what this machine needs, each with ok or how to fix it

${USAGE}

CLI:    DAGGER_BIN, ${DAGGER} on PATH, the cache, the official release with its checksum, the build from Go modules.
Engine: _EXPERIMENTAL_DAGGER_RUNNER_HOST, the one that daggerw started, the official image in Docker, podman or nerdctl, the engine
        built from packages in one of these, the same in namespaces without any (root on Linux).
Cache:  ${cacheDir}

More: docs/engine.md, docs/mirrors.md, docs/offline.md, docs/troubleshooting.md

Environment:
${VARIABLES.map(({ name, purpose }) => `  ${name.padEnd(width)}  ${purpose}`).join("\n")}`
}
