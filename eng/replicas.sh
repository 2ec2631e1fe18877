#!/usr/bin/env bash
# Three servers over one PostgreSQL database behind a round-robin proxy, as `make replicas` tells it: what one is told all know, a
# failure at one sets a key aside for all, and one that is killed is not missed. Exit code 0 only if all of it happened.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
eng/debian.sh nginx openssl || exit 1

home=$(mktemp -d "${TMPDIR:-/tmp}/clawgrpc-replicas-XXXXXX")
chmod 755 "$home"
started=()
# shellcheck disable=SC2329 # Called by the trap.
clear_up() {
    for ((i = ${#started[@]} - 1; i >= 0; i--)); do kill "${started[i]}" 2>/dev/null; done
    eng/postgres.sh stop "$home/pg" 2>/dev/null
    wait
    rm -rf "$home"
}
trap clear_up EXIT
for name in $(compgen -e); do
    case $name in ANTHROPIC_* | CLAUDE_* | CLAWGRPC_* | OPENCLAW_* | PG* | *_proxy | *_PROXY) unset "$name" ;; esac
done
export HOME=$home PATH=$PWD/bin:$PATH

say() { printf '\n%s\n' "$1"; }
fail() {
    echo "FAILED: $1" >&2
    for log in "$home"/*.log; do tail -n 3 "$log" | sed "s#^#${log##*/}: #" >&2; done
    exit 1
}
run() {
    printf '$ %s\n' "$1"
    bash -c "$1" </dev/null 2>&1 | tee "$home/said"
    ((PIPESTATUS[0] == 0)) || fail "$1"
}
eventually() {
    for ((tries = 0; tries < 100; tries++)); do
        "${@:2}" && return
        sleep 0.1
    done
    fail "$1 did not come to hold"
}
# Starts a program that stays, and waits for the line that says so: start NAME LINE COMMAND...
start() {
    "${@:3}" >"$home/$1.log" 2>&1 </dev/null &
    started+=($!)
    eventually "$1" grep -q "$2" "$home/$1.log"
}
port_of() { sed -n 's#.*http://127.0.0.1:\([0-9]*\).*#\1#p' "$home/$1.log" | head -n 1; }

say 'A database, and an upstream: a sandbox that speaks Anthropic'\''s API. Nothing leaves this machine.'
CLAWGRPC_DSN=$(eng/postgres.sh start "$home/pg") || fail PostgreSQL
export CLAWGRPC_DSN
(umask 077 && openssl rand -base64 32 >"$home/seal.key")
echo '{ "faults": [] }' >"$home/script.json"
start sandbox 'listening on' sandbox --quiet
ANTHROPIC_BASE_URL=http://127.0.0.1:$(port_of sandbox)
export ANTHROPIC_BASE_URL
run 'clawgrpc migrate'

say 'Three servers, each with a folder of its own, and a proxy that gives calls to one after the other.'
upstreams=
for number in 1 2 3; do
    start "replica$number" 'ready on' clawgrpc --store postgres --seal-key "$home/seal.key" --replica-name "replica$number" \
        --state-dir "$home/state$number" --listen http://127.0.0.1:0 --insecure-loopback
    upstreams+="server 127.0.0.1:$(port_of "replica$number"); "
done
proxy=$((20000 + RANDOM % 10000))
cat >"$home/nginx.conf" <<EOF
daemon off; pid $home/nginx.pid; error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path $home/body; proxy_temp_path $home/proxy; fastcgi_temp_path $home/fastcgi;
    uwsgi_temp_path $home/uwsgi; scgi_temp_path $home/scgi;
    upstream replicas { $upstreams }
    server {
        listen 127.0.0.1:$proxy http2;
        location / { grpc_pass grpc://replicas; grpc_set_header Host \$http_host; grpc_read_timeout 1h; client_max_body_size 0; }
    }
}
EOF
"$(command -v nginx || echo /usr/sbin/nginx)" -c "$home/nginx.conf" >"$home/nginx.log" 2>&1 &
started+=($!)
export CLAWGRPC_ENDPOINT=http://127.0.0.1:$proxy
eventually 'the proxy' bash -c "exec 3<>/dev/tcp/127.0.0.1/$proxy" 2>/dev/null
echo "listening on $CLAWGRPC_ENDPOINT for$(sed 's/server//g; s/;/,/g' <<<" $upstreams")"

say 'A key, given to one of them, serves at all.'
key=sk-ant-api03-FAKE-replicas-$(printf '1%.0s' {1..40})
(umask 077 && echo "$key" >"$home/first.key")
run "claw onboard --non-interactive --profile-id anthropic:first --anthropic-api-key - < ~/first.key"
knows() {
    for port in $(grep -oE '[0-9]{4,5};' <<<"$upstreams" | tr -d ';'); do
        claw --endpoint "http://127.0.0.1:$port" models auth list 2>/dev/null | grep -q 'anthropic:first' || return 1
    done
}
eventually 'that all know the key' knows
for number in 1 2 3; do run "claw complete 'What is the answer, number $number?'"; done
eng/postgres.sh dump "$home/pg" >"$home/dump" || fail pg_dump
! grep -qF "$key" "$home/dump" || fail 'the database holds no key in the clear'

say 'One is killed; the others go on, and usage is one for all.'
kill -9 "${started[2]}"
wait "${started[2]}" 2>/dev/null
for number in 4 5 6; do run "claw complete 'What is the answer, number $number?'"; done
# What each has not written yet is its own for five seconds at most.
counted() {
    local sums
    sums=$(for _ in 1 2 3; do claw usage 2>/dev/null | awk '$1 == "Total" { print $2 }'; done | sort -u)
    [[ $sums == [4-6] ]]
}
eventually 'that usage counts the completions of all' counted
run 'claw usage'
say 'All of it happened.'
