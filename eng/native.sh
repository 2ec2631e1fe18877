#!/bin/sh
# Publishes clawgrpc and claw as one native file each, compiled ahead of time: artifacts/programs. Every warning is an error.
# Takes a minute or two. Installs the C toolchain that it needs; `make build` comes here only where that is installed already.
set -eu
cd "$(dirname "$0")/.."

eng/debian.sh clang zlib1g-dev
out=artifacts/native
mkdir -p "$out" artifacts/programs
# The launchers compare times: what is built while this runs is newer.
touch "$out/start"
for program in ClawGrpc.Cli:claw ClawGrpc.Server:clawgrpc; do
    project=${program%:*} name=${program#*:}
    dotnet publish "src/$project" --configuration Release -p:Native=true --verbosity quiet -nodeReuse:false
    file=$(echo "$out/publish/$project"/release_*/"$name")
    cp "$file" "artifacts/programs/$name.new"
    touch -r "$out/start" "artifacts/programs/$name.new"
    mv "artifacts/programs/$name.new" "artifacts/programs/$name"
done
