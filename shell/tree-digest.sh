#!/usr/bin/env bash
# Prints a digest of /tree: of names, contents, links and what may be run.
set -euo pipefail

cd /tree
{
  find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
  find . \( -type l -printf '%p -> %l\n' \) -o \( -type f -perm /111 -printf '%p x\n' \) | LC_ALL=C sort
} | sha256sum
