#!/usr/bin/env bash
# A PostgreSQL server for a demo or a measurement. eng/postgres.sh start DIR installs what it needs, starts one whose files and
# socket are in DIR, with an empty database, and prints its name for CLAWGRPC_DSN; eng/postgres.sh stop DIR stops it.
set -euo pipefail
cd "$(dirname "$0")/.."
action=$1 home=$2
eng/debian.sh postgresql

# PostgreSQL does not run as root.
as=()
((EUID)) || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
if [ "$action" = stop ]; then
    exec "${as[@]}" "$programs/pg_ctl" -D "$home/data" -s -m immediate stop
fi

mkdir -p "$home"
((EUID)) || chown nobody "$home"
"${as[@]}" "$programs/initdb" -D "$home/data" -U clawgrpc -A trust --no-sync >"$home/initdb.log"
"${as[@]}" "$programs/pg_ctl" -D "$home/data" -w -s -l "$home/log" -o "-k $home -c listen_addresses=''" start >&2
"$programs/createdb" -h "$home" -U clawgrpc clawgrpc
echo "postgresql://clawgrpc@localhost/clawgrpc?host=$home"
