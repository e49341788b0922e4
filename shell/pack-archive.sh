#!/usr/bin/env bash
# Packs the archive /given.tar, or else the OCI layout /layout, as /image.tar, which docker load, podman load, skopeo and regctl take:
#
#   pack-archive.sh NAME...
#
# One entry in index.json: with several, skopeo asks which one is meant. Docker's own list may have more names.
set -euo pipefail

archive=/given.tar
if [ ! -e "$archive" ]; then
  archive=/exported.tar
  regctl image export --name "$1" ocidir:///layout:latest "$archive"
fi
mkdir /archive
tar -xf "$archive" -C /archive
cd /archive
jq --compact-output '.[0].RepoTags = $ARGS.positional' manifest.json --args "$@" >/manifest.json
cp /manifest.json manifest.json
tar --create --file=/image.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -- *
rm -rf /exported.tar /archive
