#!/usr/bin/env bash
# Leaves the registry's own manifest in /image/manifest.json and the image for linux/amd64 in /image/image.tar:
#
#   pull-image.sh ADDRESS@DIGEST NAME
set -euo pipefail

mkdir -p /image
cd /image
regctl manifest get --format raw-body "$1" > manifest.json
digest=$(jq --raw-output '[.manifests[]? | select(.platform.os == "linux" and .platform.architecture == "amd64").digest][0] // empty' manifest.json)
regctl image export --name "$2" "${1%@*}@${digest:-${1##*@}}" image.tar
