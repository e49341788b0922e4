#!/bin/sh
# Starts the stand-in for MongoDB of the test stack (java/store), with its data in /data or in the folder that is named.
set -eu
exec java -Xms64m -Xmx512m -cp "/opt/store:/opt/store/libs/*" Store 27017 "${1:-/data}"
