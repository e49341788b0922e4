#!/usr/bin/env bash
# Rewrites an image with times that no clock decides, and prints its digest:
#
#   rewrite-image.sh TIME BASE
#
# Reads /given, which has the image, its base and the base's one layer; leaves an OCI layout in /layout.
set -euo pipefail

count=$(tar -xOf /given/base.tar manifest.json | jq '.[0].Layers | length')
regctl image import ocidir://image:latest /given/image.tar >&2
regctl manifest get ocidir://image:latest --format raw-body >manifest.json
regctl blob get ocidir://image:latest "$(jq --raw-output .config.digest manifest.json)" >config.json
jq --compact-output --argjson count "$count" --arg diffid "sha256:$(cat /given/base/diffid)" --arg from "FROM $2" '
  "\(.config.Labels["org.opencontainers.image.title"]) \(.config.Labels["org.opencontainers.image.version"])" as $name
  | .rootfs.diff_ids = [$diffid] + .rootfs.diff_ids[$count:]
  | .history = [$from, (.rootfs.diff_ids[1:][] | $name)]
  | .history = [.history[] as $by | {created, created_by: $by}]' config.json >edited.json
config=$(regctl blob put ocidir://image:latest <edited.json)
base=$(regctl blob put ocidir://image:latest </given/base/tar.gz)
jq --compact-output --argjson count "$count" --arg config "$config" --argjson configsize "$(stat -c %s edited.json)" \
  --arg base "$base" --argjson basesize "$(stat -c %s /given/base/tar.gz)" '
  .config += {digest: $config, size: $configsize}
  | .layers = [{mediaType: .layers[0].mediaType, digest: $base, size: $basesize}] + .layers[$count:]' manifest.json \
  | regctl manifest put ocidir://image:edited --content-type "$(jq --raw-output .mediaType manifest.json)" >&2
regctl image mod ocidir://image:edited --create ocidir:///layout:latest --to-oci --reproducible \
  --config-time "set=$1" --layer-time "set=$1,base-layers=1" >&2
rm -rf image
regctl image digest ocidir:///layout:latest
