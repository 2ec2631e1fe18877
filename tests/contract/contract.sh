#!/usr/bin/env bash
# The contract in the shell, with claw. Prints a line for each case; what it needs done meanwhile it asks the driver for.
set -uo pipefail

why=
ask() {
    local answer
    echo "ask $*"
    IFS= read -r answer
    [[ $answer == "done" ]] || die "$*: $answer"
}
die() {
    why=$1
    return 1
}
# holds TEXT PATTERN: an extended regular expression that TEXT must match.
holds() { grep -qE -- "$2" <<<"$1" || die "not like '$2': ${1//$'\n'/ }"; }
# Runs what must fail, and prints what it said on standard error.
failure() {
    local said
    said=$("$@" 2>&1 >/dev/null </dev/null) && said="it did not fail"
    echo "$said"
}
over_tls() {
    claw "$@" --endpoint "$CONTRACT_URL"
}

unary() {
    local answer
    answer=$(claw complete --json 'Say hello.' </dev/null) || die "$answer" || return
    holds "$answer" 'You said “Say hello\.”' && holds "$answer" 'anthropic:default'
}

stream() {
    local answer
    answer=$(claw complete --receipt 'Say hello.' 2>receipt </dev/null) || die "$(cat receipt)" || return
    holds "$answer" '^You said “Say hello\.”' && holds "$(cat receipt)" 'served by +anthropic:default'
}

cancel() {
    ask fault stalled || return
    # Its first piece, then Ctrl-C.
    coproc claw complete 'Say hello.' </dev/null 2>/dev/null
    local piece code=0 pid=$COPROC_PID
    IFS= read -r -n 1 -u "${COPROC[0]}" piece
    kill -INT "$pid"
    wait "$pid" || code=$?
    [[ $piece == Y && $code == 130 ]] || die "'$piece', then exit code $code" || return
    ask left
}

deadline() {
    ask fault silent || return
    local code=0
    timeout --signal INT 3 claw complete 'Say hello.' </dev/null >/dev/null 2>&1 || code=$?
    [[ $code == 124 ]] || die "exit code $code" || return
    ask left
}

error() {
    holds "$(failure claw complete --agent nope 'Say hello.')" 'nope' &&
        holds "$(failure claw complete --session "$(printf 'x%.0s' {1..300})" 'Say hello.')" 'input\.session_id'
}

receipt() {
    ask fault limited || return
    local said
    said=$(failure claw complete --receipt 'Say hello.')
    ask reset || return
    holds "$said" 'RATE_LIMITED|rate.limit' && holds "$said" '429' && holds "$said" 'anthropic:default'
}

watch() {
    local profile=anthropic:watched-shell line late=$((SECONDS + 60))
    coproc claw models status --watch --json </dev/null 2>interruptions
    local pid=$COPROC_PID fd=${COPROC[0]}
    IFS= read -r -t 60 -u "$fd" line || die 'no status' || return
    ask restart || return
    ask onboard $profile || return
    until [[ $line == *$profile* ]]; do
        ((SECONDS < late)) && IFS= read -r -t 60 -u "$fd" line || die 'the change after the restart was not seen' || break
    done
    kill -INT "$pid"
    wait "$pid"
    [[ -z $why && -s interruptions ]] || die "${why:-the watch was not interrupted}"
}

large() {
    ask fault large || return
    local length
    length=$(head -c 5000000 /dev/zero | tr '\0' x | claw complete - | wc -c)
    ((length > 5000000)) || die "$length characters"
}

socket() { holds "$(claw whoami </dev/null 2>&1)" 'unix|socket|local'; }

tls() {
    local said
    said=$(over_tls complete 'Say hello.' --ca "$CONTRACT_CA" --token-file "$CONTRACT_TOKEN_FILE" </dev/null 2>&1) ||
        die "$said" || return
    said=$(failure over_tls complete 'Say hello.' --ca "$CONTRACT_OTHER_CA" --token-file "$CONTRACT_TOKEN_FILE")
    holds "$said" '[Cc]ertificate|TLS|SSL|trust'
}

token() {
    holds "$(over_tls whoami --ca "$CONTRACT_CA" --token-file "$CONTRACT_TOKEN_FILE" </dev/null 2>&1)" 'contract' || return
    holds "$(failure over_tls whoami --ca "$CONTRACT_CA")" '[Uu]nauthenticated|UNAUTHENTICATED|token|proof'
}

for each in unary stream cancel deadline error receipt watch large socket tls token; do
    why=
    if "$each"; then echo "ok $each"; else echo "fail $each: ${why//$'\n'/ }"; fi
done
