#!/bin/sh
# Checks what no compiler checks. Every check runs, even after one has failed; exit code 1 if any failed.
# shellcheck disable=SC2317 # The checks are called by their names.
set -eu
cd "$(dirname "$0")/.."
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Every file that is, or would be, in the repository.
files() { git ls-files -z --cached --others --exclude-standard --deduplicate; }

code() { dotnet format ClawGrpc.sln --verify-no-changes --no-restore; }

contracts() { eng/buf lint protos; }

contract_format() { eng/buf format -d --exit-code protos; }

scripts() {
    files | xargs -0 awk 'FNR == 1 && /^#!.*[\/ ](ba|da)?sh( |$)/ { print FILENAME } { nextfile }' >"$logs/list"
    while read -r script; do
        [ -x "$script" ] || { echo "$script: not executable"; return 1; }
    done <"$logs/list"
    if command -v shellcheck >/dev/null; then
        xargs shellcheck <"$logs/list"
    elif [ "${CI:-}" = true ]; then
        echo 'no shellcheck here'
        return 1
    else
        echo 'no shellcheck here: checking syntax alone'
        while read -r script; do bash -n "$script" || return 1; done <"$logs/list"
    fi
}

# Node is needed for these alone.
modules() {
    if ! command -v node >/dev/null; then
        [ "${CI:-}" != true ] || return 1
        echo 'no node here: not checked'
        return 0
    fi
    files | tr '\0' '\n' | grep '\.mjs$' | while read -r module; do node --check "$module" || return 1; done
}

# What no analyzer measures.
columns() {
    files | tr '\0' '\n' | grep -E '\.(cs|ts|py|mjs|sh|proto|props|targets|csproj)$|^eng/buf$|^\.ci/run$' | while read -r file; do
        [ ! -f "$file" ] || LC_ALL=C.UTF-8 grep -HnE '^.{131,}' "$file" >>"$logs/long" || true
    done
    cut -c1-100 "$logs/long"
    [ ! -s "$logs/long" ]
}

# A clone works on any machine: no file names a folder of the machine it was written on, or a host that packages come from
# there. Invented homes, as tests need them, begin with /home.
places() {
    found=0
    if git grep --untracked -nIE '(^|[^A-Za-z0-9_.~}-])/(root|work|workspace|Users/[A-Za-z]+)/' >"$logs/paths" ||
        git grep --untracked -nIF -e "$PWD/" -e "$HOME/" >"$logs/paths"; then
        sed 's/^/a path of one machine: /' "$logs/paths"
        found=1
    fi
    {
        npm config get registry --loglevel silent
        dotnet nuget list source --format short
    } | sed -n 's#.*https\{0,1\}://\([^/@]*@\)\{0,1\}\([^/:]*\).*#\2#p' | sort -u >"$logs/hosts"
    if [ -s "$logs/hosts" ] && git grep --untracked -nIFf "$logs/hosts" >"$logs/sources"; then
        cut -d: -f1,2 "$logs/sources" | sed 's/^/a host that packages come from: /'
        found=1
    fi
    return "$found"
}

# Install tools first, so that their messages are printed and not hidden in the log of a check.
eng/buf --version >/dev/null
command -v shellcheck >/dev/null || eng/debian.sh shellcheck || true

# The formatter takes longer than all the others together.
code >"$logs/code" 2>&1 &
formatter=$!
failed=0
report() {
    if [ "$2" = 0 ]; then echo "ok    $1"; else echo "FAIL  $1"; failed=1; fi
    [ ! -s "$logs/$1" ] || [ "$2" = 0 ] || sed 's/^/      | /' "$logs/$1"
}
for check in contracts contract_format scripts modules columns places; do
    status=0
    $check >"$logs/$check" 2>&1 || status=$?
    report "$check" "$status"
done
status=0
wait "$formatter" || status=$?
report code "$status"
exit "$failed"
