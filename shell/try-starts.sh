#!/bin/sh
# Runs programs below /programs with --help, all at the same time, and prints how each ended: PROGRAM TAB CODE TAB OUTPUT in base64.
#
#   try-starts.sh SECONDS PROGRAM...
set -u

limit=$1
shift
for program; do
  mkdir -p "/tmp/starts/$program"
  (
    code=0
    timeout -k 2 "$limit" "/programs/$program" --help </dev/null >"/tmp/starts/$program/output" 2>&1 || code=$?
    echo "$code" >"/tmp/starts/$program/code"
  ) &
done
wait
for program; do
  printf '%s\t%s\t%s\n' "$program" "$(cat "/tmp/starts/$program/code")" "$(tail -c 30000 "/tmp/starts/$program/output" | base64 -w 0)"
done
