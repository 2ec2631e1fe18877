#!/bin/sh
# Two ClawGrpc writers, killed again and again, and the lock that OpenClaw takes (npm proper-lockfile, pinned in package.json),
# on one file.
#   run.sh [COUNT]   makes COUNT updates between the three (1,000 by default)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here"/*.mjs "$here/package.json" "$work/"
(cd "$work" && npm install --no-save --no-package-lock --no-audit --no-fund --loglevel=error >&2)
PROPER_LOCKFILE=$work LOCK_UPDATES=${1:-1000} dotnet test "$root/tests/ClawGrpc.Gateway.Tests" --filter SharedFileTests \
    --logger 'console;verbosity=detailed'
