#!/bin/sh
# What a completion costs: clawgrpc beside nginx as a bare reverse proxy, the same sandbox behind both, one run; and with its
# state in PostgreSQL beside files. Three minutes; --quick takes 40 seconds and shows that it works, but its numbers are too
# high; --native first measures the server of `make native`.
# docs/performance.md says what is measured.
set -eu
cd "$(dirname "$0")/.."

server=
if [ "${1:-}" = --native ]; then
    server=$PWD/artifacts/programs/clawgrpc
    shift
    [ -x "$server" ] || { echo "no $server: make native" >&2 && exit 2; }
fi
case ${1:-} in
    '' | --quick) ;;
    *) echo "usage: $0 [--native] [--quick]" >&2 && exit 2 ;;
esac
PATH=$PATH:/usr/sbin
command -v nginx >/dev/null || eng/debian.sh nginx-light
# Make has built it already.
if [ -z "${MAKELEVEL:-}" ]; then
    dotnet build bench/ClawGrpc.Bench --configuration Release --verbosity quiet -nodeReuse:false
fi

folder=$(mktemp -d)
running=
clean() {
    # shellcheck disable=SC2086 # Process ids, separated by spaces on purpose.
    [ -z "$running" ] || kill $running 2>/dev/null || true
    eng/postgres.sh stop "$folder/pg" 2>/dev/null || true
    wait
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts a program in the background and waits until it has said so, or until its socket is there: start PROGRAM READY COMMAND...
start() {
    name=$1 ready=$2
    shift 2
    : >"$folder/$name.log"
    "$@" >"$folder/$name.log" 2>&1 &
    pid=$!
    running="$running $pid"
    tries=0
    until grep -q "$ready" "$folder/$name.log" || [ -S "$ready" ]; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ] || ! kill -0 "$pid" 2>/dev/null; then
            echo "$name did not start:" >&2
            cat "$folder/$name.log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

bin=$PWD/artifacts/bin
start sandbox 'listening on' dotnet "$bin/ClawGrpc.Sandbox/release/sandbox.dll" --bench --quiet
sandbox=$(sed -n 's#.*listening on ##p' "$folder/sandbox.log")

sed -e "s#SANDBOX#${sandbox#http://}#" -e "s#unix:#unix:$folder/#" bench/nginx.conf >"$folder/nginx.conf"
start nginx "$folder/nginx.sock" nginx -p "$folder" -c nginx.conf -e stderr -g 'daemon off;'
nginx=$pid

server=${server:-dotnet $bin/ClawGrpc.Server/release/clawgrpc.dll}
serve() {
    name=$1
    shift
    # shellcheck disable=SC2086 # Two words for the built one.
    start "$name" 'ready on' env -u ANTHROPIC_API_KEY -u ANTHROPIC_OAUTH_TOKEN ANTHROPIC_BASE_URL="$sandbox" \
        DOTNET_STARTUP_HOOKS="$bin/ClawGrpc.Bench/release/ClawGrpc.Bench.dll" CLAWGRPC_BENCH_PROBE="$folder/$name-probe.sock" \
        $server --state-dir "$folder/$name" --listen "unix:$folder/$name.sock" "$@"
}
serve clawgrpc --http "unix:$folder/http.sock"
clawgrpc=$pid

chmod 755 "$folder"
CLAWGRPC_DSN=$(eng/postgres.sh start "$folder/pg")
export CLAWGRPC_DSN
(umask 077 && head -c 32 /dev/urandom | base64 >"$folder/seal.key")
# shellcheck disable=SC2086 # Two words for the built one.
$server migrate >/dev/null
serve replica --store postgres --seal-key "$folder/seal.key"
replica=$pid

timeout 300 dotnet "$bin/ClawGrpc.Bench/release/ClawGrpc.Bench.dll" \
    "$folder" "$sandbox" "$clawgrpc" "$replica" "$nginx" "$@" || {
    status=$?
    tail -n 20 "$folder"/*.log >&2
    exit "$status"
}
nginx -v 2>&1
