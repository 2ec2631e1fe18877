#!/usr/bin/env bash
# The whole story, end to end: sandbox and server in a folder of their own, two keys onboarded, a streamed completion, the cache, a
# failover, the receipt. What follows a `$` is typed as it stands there and answered by the real programs; the rest are headings.
# Exit code 0 only if all of it happened. Nothing is left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/bin
home=$(mktemp -d "${TMPDIR:-/tmp}/clawgrpc-demo.XXXXXX")
watcher='' server='' sandbox=''

# In this order: a server waits for those who watch it.
finish() {
    status=$?
    trap '' EXIT INT TERM HUP
    for pid in $watcher $server $sandbox; do
        kill "$pid" 2>/dev/null || continue
        ( sleep 5; kill -9 "$pid" ) 2>/dev/null &
        wait "$pid" 2>/dev/null || true
        kill $! 2>/dev/null || true
    done
    rm -rf "$home"
    if [ "$status" != 0 ]; then printf '\nThe demo did not get to its end (exit code %s).\n' "$status" >&2; fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
step=0
chapter() {
    step=$((step + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
    shift
    if [ $# -gt 0 ]; then printf '   %s\n' "$@"; fi
}

fail() {
    printf '\nExpected %s.\n' "$1" >&2
    exit 1
}

# Runs a command line as it is shown, and keeps what it says in $home/said (and, bit by bit as it came, counts it in $home/pieces).
typed() {
    printf '\n%s$ %s%s\n' "$bold" "$1" "$plain"
    (eval "$1") 2>&1 | node -e '
        const fs = require("node:fs");
        const said = [];
        process.stdin.on("data", (piece) => { said.push(piece); process.stdout.write(piece); });
        process.stdin.on("end", () => {
            fs.writeFileSync(process.argv[1] + "/said", Buffer.concat(said));
            fs.writeFileSync(process.argv[1] + "/pieces", String(said.length));
        });' "$home"
}

# Says whether an expression of JavaScript holds: of `it`, the JSON in a file.
holds() { node -e 'const it = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")); process.exit(eval(process.argv[2]) ? 0 : 1)' "$@"; }
