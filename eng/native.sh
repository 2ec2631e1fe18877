#!/bin/sh
# Publishes a program as one native file, compiled ahead of time: artifacts/programs/claw or clawgrpc. Every warning is an error.
# Takes a minute or two. Installs the C toolchain that it needs; `make build` comes here only where that is installed already.
set -eu
cd "$(dirname "$0")/.."

name=$1
case $name in
    claw) project=ClawGrpc.Cli ;;
    clawgrpc) project=ClawGrpc.Server ;;
    *) echo "eng/native.sh: no program $name" >&2 && exit 2 ;;
esac
eng/debian.sh clang zlib1g-dev
out=artifacts/native
mkdir -p "$out" artifacts/programs
# The launchers compare times: what is built while this runs is newer.
touch "$out/$name.start"
dotnet publish "src/$project" --configuration Release -p:Native=true --verbosity quiet -nodeReuse:false
file=$(echo "$out/publish/$project"/release_*/"$name")
cp "$file" "artifacts/programs/$name.new"
touch -r "$out/$name.start" "artifacts/programs/$name.new"
mv "artifacts/programs/$name.new" "artifacts/programs/$name"
