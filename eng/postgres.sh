#!/usr/bin/env bash
# A PostgreSQL server for a demo or a measurement. eng/postgres.sh start DIR installs what it needs, starts one whose files and
# socket are in DIR, with an empty database, and prints its name for CLAWGRPC_DSN; eng/postgres.sh dump DIR prints that database,
# and eng/postgres.sh stop DIR stops the server.
set -euo pipefail
cd "$(dirname "$0")/.."
action=$1 home=$2
eng/debian.sh postgresql

# PostgreSQL does not run as root.
as=()
((EUID)) || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
case $action in
    dump) exec "$programs/pg_dump" -h "$home" -U clawgrpc clawgrpc ;;
    stop) exec "${as[@]}" "$programs/pg_ctl" -D "$home/data" -s -m immediate stop ;;
esac

mkdir -p "$home"
((EUID)) || chown nobody "$home"
"${as[@]}" "$programs/initdb" -D "$home/data" -U clawgrpc -A trust --no-sync >"$home/initdb.log"
"${as[@]}" "$programs/pg_ctl" -D "$home/data" -w -s -l "$home/log" -o "-k $home -c listen_addresses=''" start >&2
"$programs/createdb" -h "$home" -U clawgrpc clawgrpc
echo "postgresql://clawgrpc@localhost/clawgrpc?host=$home"
