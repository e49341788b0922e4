#!/bin/sh
# Sets modes and owners below this folder as git keeps them. The zeros in front take set-user-ID, set-group-ID and sticky bits away,
# also from folders.
set -eu

find . -type d -exec chmod 00755 {} +
find . -type f -perm /111 -exec chmod 00755 {} +
find . -type f ! -perm /111 -exec chmod 00644 {} +
chown -hR 0:0 .
