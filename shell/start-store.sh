#!/bin/sh
# Starts the stand-in for MongoDB of the test stack (java/store).
set -eu
exec java -Xms64m -Xmx512m -cp "/opt/store:/opt/store/libs/*" Store 27017 /data
