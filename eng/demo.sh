#!/usr/bin/env bash
# The whole story, as `make demo` tells it. What follows a `$` runs as it stands there; everything but the headings comes from the
# programs themselves. Each chapter checks what it tells: exit code 0 only if all of it happened.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

home=$(mktemp -d "${TMPDIR:-/tmp}/clawgrpc-demo-XXXXXX")
started=()
# shellcheck disable=SC2329 # Called by the trap.
clear_up() {
    for ((i = ${#started[@]} - 1; i >= 0; i--)); do
        kill "${started[i]}" 2>/dev/null
        wait "${started[i]}" 2>/dev/null
    done
    rm -rf "$home"
}
trap clear_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# The programs get no key, endpoint, state folder or proxy of the person who looks on.
for name in $(compgen -e); do
    case $name in ANTHROPIC_* | CLAUDE_* | CLAWGRPC_* | OPENCLAW_* | *_proxy | *_PROXY) unset "$name" ;; esac
done
export HOME=$home PATH=$PWD/bin:$PATH

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
chapters=0
chapter() {
    printf '\n%s%d. %s%s\n' "$bold" $((++chapters)) "$1" "$plain"
    shift
    ((!$#)) || printf '   %s\n' "$@"
}
prompt() { printf '\n%s$ %s%s\n' "$bold" "$1" "$plain"; }
fail() {
    printf '\nThe demo did not come to its end: %s.\n' "$1" >&2
    exit 1
}
expect() {
    local what=$1
    shift
    "$@" || fail "expected $what"
}
has() { local file=$2; [[ $file == /* ]] || file=$home/$file; grep -qE -- "$1" "$file"; }
lacks() { ! grep -qF -- "$1" "$home/$2"; }

# Runs a line as it is shown. Its output goes to the terminal as it comes, and to ~/said.
type() {
    prompt "$1"
    bash -c "$1" </dev/null | tee "$home/said"
    ((PIPESTATUS[0] == 0)) || fail "\`$1\` failed"
}

# Waits until a file holds a pattern, at most 20 seconds: until_said FILE PATTERN WHAT.
until_said() {
    for ((tries = 0; tries < 200; tries++)); do
        has "$2" "$1" && return
        sleep 0.1
    done
    fail "$3 did not come in time"
}

# Starts a program that stays: start LINE READY NAME.
start() {
    prompt "$1 &"
    bash -c "exec $1" >"$home/$3" 2>&1 </dev/null &
    started+=($!)
    until_said "$3" "$2" "\`$1\`"
    cat "$home/$3"
}

first=sk-ant-api03-FAKE-demo-first-$(printf '1%.0s' {1..40})
second=sk-ant-api03-FAKE-demo-second-$(printf '2%.0s' {1..40})
(umask 077 && echo "$first" >"$home/first.key" && echo "$second" >"$home/second.key")
# A prompt worth caching: the contract itself, about which there is something to ask.
# shellcheck disable=SC2016 # Shown and run as it stands.
ask='claw complete --session tour --system "$(cat protos/clawgrpc/v1/*.proto)" --receipt "When does a cooldown end?"'

cat <<'WELCOME'
ClawGrpc, from onboarding to failover. Nothing leaves this machine: a sandbox speaks Anthropic's API.
The home folder ~ is a temporary one; it is removed in the end.
WELCOME

chapter 'An upstream, and the server in front of it' 'Callers use a Unix socket that only its owner can open.'
start 'sandbox --quiet --token-delay-ms 30' 'listening on http:' sandbox
upstream=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$home/sandbox")
start "env ANTHROPIC_BASE_URL=$upstream clawgrpc" 'ready on' clawgrpc
start 'claw models status --watch --json' '"agentId"|"changedAt"' watch >/dev/null
prompt 'claw models status --watch --json &'

chapter 'Onboard two API keys' 'They go in by standard input and are stored once; nothing reads them back.'
for name in first second; do
    line="claw onboard --non-interactive --profile-id anthropic:$name --anthropic-api-key - < ~/$name.key"
    type "$line"
done
until_said watch 'anthropic:second' 'the status with both profiles'

chapter 'What there is to run on'
type 'claw models status'
expect 'the status to name both profiles' has 'anthropic:first.*anthropic:second' <(tr '\n' ' ' <"$home/said")
expect 'no key in the status' lacks "$first" said
expect 'no key in the status' lacks "$second" said

chapter 'A completion, token by token' 'The session keeps the profile that serves it, and so its prompt cache.'
prompt "$ask 2> ~/receipt"
# dd counts what it reads: an answer that comes bit by bit is read in many pieces.
bash -c "$ask 2> ~/receipt" </dev/null | dd bs=64k 2>"$home/pieces"
((PIPESTATUS[0] == 0)) || fail 'the completion failed'
expect 'the answer to come bit by bit' has '^[0-9]*\+[0-9]{2,} records in' pieces
type 'grep -E "served by|usage" ~/receipt'
expect 'the first key to serve' has 'anthropic:first' said
expect 'the prompt to be written to the cache' has '[1-9][0-9]* written to the cache' said

chapter 'The same again' 'What was written to the cache is read from it now, at a fraction of the price.'
type "$ask 2> ~/receipt"
type 'grep -E "served by|usage" ~/receipt'
expect 'the first key to serve again' has 'anthropic:first' said
expect 'the prompt to be read from the cache' has '[1-9][0-9]* read from it' said

chapter 'The first key is rate limited' 'The sandbox answers it with 429. The caller gets an answer all the same.'
fault='{"match":{"key":"'$first'"},"status":{"code":429,"headers":{"retry-after":"30"}}}'
address=${upstream#http://}
exec 5<>"/dev/tcp/${address%:*}/${address##*:}" || fail 'the sandbox cannot be reached'
printf 'POST /_sandbox/faults HTTP/1.1\r\nhost: %s\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s' \
    "$address" "${#fault}" "$fault" >&5
read -r _ code _ <&5
exec 5>&-
expect 'the sandbox to take its script' test "${code:0:1}" = 2
type "$ask 2> ~/receipt"
expect 'an answer' has '[a-z]' said

chapter 'What is set aside, and until when'
type 'claw models status'
type 'claw models status --json | sed -n "/\"unusableProfiles\"/,/]/p"'
expect 'anthropic:first in a cooldown that ends' has '"profileId": "anthropic:first".*"kind": "cooldown".*"remainingMs": [1-9]' \
    <(tr '\n' ' ' <"$home/said")
expect 'only anthropic:first to be unusable' lacks 'anthropic:second' said

chapter 'The receipt: what that completion really did'
type 'cat ~/receipt'
expect 'the failed attempt in the receipt' has 'attempt +anthropic:first,.*failed.*429' receipt
expect 'the second key to serve' has 'served by +anthropic:second' receipt
expect 'no key in the receipt' lacks "$first" receipt
expect 'no key in the receipt' lacks "$second" receipt

chapter 'What the watcher saw meanwhile' 'It made one call in the beginning. Each change came by itself:'
until_said watch '"unusableProfiles":\[\{"profileId":"anthropic:first"' 'the cooldown'
sed -E 's/.*"changedAt":([0-9]+).*/\1 &/' "$home/watch" | awk '
    { start = NR == 1 ? $1 : start
      profiles = gsub(/"profileId":"anthropic:(first|second)","provider"/, "&")
      aside = /"unusableProfiles":\[\{"profileId":"anthropic:first"/ ? "anthropic:first" : "none"
      completions = match($0, /"completions":[0-9]+/) ? substr($0, RSTART + 14, RLENGTH - 14) : 0
      text = completions " completions, set aside: " aside
      if (text != last) printf "   after %4.1f s: %s\n", ($1 - start) / 1000, text
      last = text }'
printf '\nAll of it happened.\n'
