// Go modules as sources: fetched through the module proxy, checked against the pinned sum.

import type { Container } from "@dagger.io/dagger"

/** Leaves the module's files in /module/source and what the proxy knows about it in /module/info.json. */
export function fetchModule(go: Container, module: string, version: string, sum?: string): Container {
  return go
    .withNewFile("/module/fetch", script, { permissions: 0o755 })
    .withExec(["/module/fetch", module, version, sum ?? ""])
}

// `go mod download` checks the sum with the checksum database; the pin also holds where that is switched off.
const script = String.raw`#!/bin/sh
# Usage: fetch MODULE VERSION [SUM]
set -eu
cd /module
if ! go mod download -json "$1@$2" > download.json; then
  sed -n 's/^\t"Error": "\(.*\)".*$/\1/p' download.json | sed 's/\\n\\t*/ /g' >&2
  exit 1
fi
field() { sed -n 's/^\t"'"$1"'": "\(.*\)",\{0,1\}$/\1/p' download.json; }
if [ -n "$3" ] && [ "$(field Sum)" != "$3" ]; then
  echo "$1@$2 has the checksum $(field Sum), but $3 is pinned" >&2
  exit 1
fi
cp -R "$(field Dir)" source
chmod -R u+w source
cp "$(field Info)" info.json
rm download.json
`
