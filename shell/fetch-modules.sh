#!/bin/sh
# Fetches the Go modules that a command needs, for a bundle. The command runs twice: first with the shared module cache and the
# network, so that a try that was ended goes on where it was; then with an empty cache that is fed from the first one alone. What is
# in that one is just what the command needs; it becomes /out/go, which GOPROXY=file://… reads.
#
# usage: fetch-modules SECONDS COMMAND...
set -eu
seconds=$1
shift
work=$PWD
code=0
timeout "$seconds" "$@" || code=$?
if [ "$code" = 124 ]; then echo "no result within $seconds s; what has come is kept for the next try" >&2; fi
[ "$code" = 0 ] || exit "$code"

shared=$(go env GOMODCACHE)/cache/download
export GOMODCACHE=/harvest GOPROXY="file://$shared" GOSUMDB=off GOFLAGS=-modcacherw
cd "$work"
"$@"
# A source with a vendor folder fetches nothing.
mkdir -p /harvest/cache/download
cd /harvest/cache/download
rm -rf sumdb
# Locks and lists of versions are not of the modules themselves.
find . -path '*/@v/*.lock' -delete -o -path '*/@v/list' -delete
# Proxies differ in whether they tell where a version came from; a bundle's files must not.
find . -path '*/@v/*.info' -exec sed -i 's/,"Origin":{[^}]*}}$/}/' {} +
mkdir -p /out
mv /harvest/cache/download /out/go
rm -rf /harvest
