#!/bin/sh
# Describes every query of src/store against a scratch PostgreSQL that has the migrations, and writes src/store/.sqlx anew.
set -eu
cd "$(dirname "$0")/.."
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
scratch=$(mktemp -d)
run() { if [ "$(id -u)" = 0 ]; then setpriv --reuid postamt --regid postamt --clear-groups "$@"; else "$@"; fi; }
[ "$(id -u)" = 0 ] && chown postamt "$scratch"
trap 'run "$bin/pg_ctl" -D "$scratch/pg" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT
run "$bin/initdb" -D "$scratch/pg" -A trust -U postgres >/dev/null
port=$((20000 + $$ % 20000))
run "$bin/pg_ctl" -D "$scratch/pg" -w -l "$scratch/log" -o "-p $port -k $scratch -c listen_addresses=127.0.0.1 -c fsync=off" start >/dev/null
for file in migrations/*.sql; do
    psql -qX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U postgres -d postgres -f "$file"
done
rm -rf src/store/.sqlx
mkdir -p src/store/.sqlx
touch src/store/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$PWD/src/store/.sqlx" DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres" cargo check -p store
