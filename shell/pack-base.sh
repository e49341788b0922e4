#!/usr/bin/env bash
# Packs /base as one layer: /layer/tar.gz and the digest of its content in /layer/diffid. Files keep their times. Those of folders may
# be of when they were unpacked.
set -euo pipefail

mkdir /layer
cd /base
find . -type d -exec touch -d @0 {} +
# shellcheck disable=SC2012 # tar takes them as they are
ls -A | tar --create --file=/layer/tar --verbatim-files-from --files-from=- --sort=name --numeric-owner \
  --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime \
  --xattrs --xattrs-include=security.capability
sha256sum /layer/tar | cut -d ' ' -f 1 >/layer/diffid
gzip --no-name /layer/tar
