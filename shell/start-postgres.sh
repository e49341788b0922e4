#!/bin/sh
# Starts PostgreSQL for tests: the user and the password are postgres, the database is test_db. Other hosts may connect.
set -eu

data=${PGDATA:-/data}
if [ ! -e "$data/PG_VERSION" ]; then
  password=$(mktemp)
  echo postgres > "$password"
  initdb --pgdata="$data" --username=postgres --pwfile="$password" --auth=scram-sha-256 --encoding=UTF8 --no-instructions
  rm "$password"
  echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
  # Answers nobody outside until the database is there.
  echo "CREATE DATABASE test_db;" | postgres --single -D "$data" postgres
fi
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp
