// How a Go module is fetched as a source.

// `go mod download` checks the sum with the checksum database; the pin also holds where that is switched off.
export const fetchScript = String.raw`#!/bin/sh
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

/** The address of a module's go.mod at the first proxy of such a list as GOPROXY holds. */
export function moduleFile(goproxy: string | undefined, module: string, version: string): string {
  const proxies = (goproxy ?? "").split(/[,|]/).map((text) => text.trim())
  const proxy = proxies.find((text) => /^https?:/.test(text)) ?? "https://proxy.golang.org"
  // Proxies write a capital letter as an exclamation mark and the small one.
  const escaped = module.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)
  return `${proxy.replace(/\/$/, "")}/${escaped}/@v/${version}.mod`
}
