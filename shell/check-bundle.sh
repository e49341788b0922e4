#!/bin/sh
# Checks files of an offline bundle against its lists of checksums, in the bundle's folder:
#
#   check-bundle.sh ITEM=COUNT...
#
# Prints FILE TAB ITEM for each file that is not as it was. A list that is cut short is one itself.
set -u

export LC_ALL=C
for one; do
  item=${one%=*} list=items/${one%=*}.sha256
  if [ "$(wc -l < "$list" 2>/dev/null)" != "$((${one##*=} + 1))" ]; then printf '%s\t%s\n' "$list" "$item"; continue; fi
  sha256sum -c --quiet --strict "$list" 2>/dev/null | sed -n "s/: FAILED.*/\t$item/p"
done
