#!/bin/sh
# Compares ClawGrpc's JSON5 reader with the reference implementation (npm json5, pinned in package.json), live.
#   run.sh [COUNT] [SEED]   compares COUNT generated documents (10,000 by default)
#   run.sh --record         writes the corpus that the unit tests compare with, and the table of identifier characters, anew
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here"/*.mjs "$here/package.json" "$work/"
(cd "$work" && npm install --no-save --no-package-lock --no-audit --no-fund --loglevel=error >&2)

if [ "${1:-}" = --record ]; then
    node "$work/generate.mjs" 1500 > "$root/tests/ClawGrpc.Core.Tests/Json5/reference.jsonl"
    node "$work/identifiers.mjs" > "$root/src/ClawGrpc.Json5/Json5Identifier.Tables.cs"
    exit
fi

node "$work/generate.mjs" "${1:-10000}" "${2:-2}" > "$work/corpus.jsonl"
JSON5_CORPUS=$work/corpus.jsonl dotnet test "$root/tests/ClawGrpc.Core.Tests" --filter Json5ReferenceTests \
    --logger 'console;verbosity=detailed'
