#!/usr/bin/env bash
# Makes the packages of the clients from this checkout: NuGet, Python, npm and Go, into artifacts/dist, with their checksums in
# artifacts/dist/SHA256SUMS.clients. Everything generated is inside, so installing them takes neither Node nor protoc.
# `make dist-clients` builds what NuGet packs, then runs this.
set -euo pipefail
cd "$(dirname "$0")/.."

dist=$PWD/artifacts/dist
stage=$PWD/artifacts/dist-clients
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
# Archives carry the time of the commit.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
umask 022

die() {
    echo "dist-clients: $1" >&2
    exit 1
}

# One version for all: that of Directory.Build.props.
grep -qx "version = \"$version\"" clients/python/pyproject.toml || die "clients/python/pyproject.toml is not of version $version"
grep -q "^  \"version\": \"$version\",$" clients/typescript/package.json ||
    die "clients/typescript/package.json is not of version $version"

eng/debian.sh protobuf-compiler protobuf-compiler-grpc libprotobuf-dev python3-build python3-grpcio python3-protobuf \
    python3-setuptools python3-venv python3-wheel golang-go golang-google-grpc-dev golang-github-golang-protobuf-1-5-dev \
    protoc-gen-go protoc-gen-go-grpc

rm -rf "$stage"
mkdir -p "$dist" "$stage"
rm -f "$dist"/ClawGrpc.*.nupkg "$dist"/ClawGrpc.*.snupkg "$dist"/clawgrpc-"$version"{.tar.gz,-py3-none-any.whl,.tgz} \
    "$dist"/clawgrpc-go-*.tar.gz "$dist"/SHA256SUMS.clients

# Two at a time: two cores.
nuget() {
    for project in ClawGrpc.Protos ClawGrpc.Client; do
        dotnet pack "src/$project" --configuration Release --no-build --output "$dist" --verbosity quiet --nologo
    done
}

python() {
    clients/python/generate.sh
    cp -r clients/python "$stage/python"
    rm -rf "$stage"/python/{build,dist,tests,examples,*.egg-info}
    cp LICENSE "$stage/python"
    # The sdist first, then the wheel from it: so it is proved to install.
    (cd "$stage/python" && /usr/bin/python3 -m build --no-isolation --outdir "$dist" .)
}

npm_package() {
    (cd clients/typescript && { [[ -d node_modules ]] || npm ci --no-audit --no-fund; } && npm run build)
    mkdir "$stage/npm"
    cp -r clients/typescript/{dist,package.json,README.md} LICENSE "$stage/npm"
    (cd "$stage/npm" && npm pack --ignore-scripts --pack-destination "$dist")
}

go_module() {
    local before folder=$stage/clawgrpc-go-$version
    before=$(sha256sum clients/go/v1/*.go)
    clients/go/generate.sh
    [[ $before == "$(sha256sum clients/go/v1/*.go)" ]] || die "clients/go/v1 was not of these protos; it is now, commit it"
    mkdir "$folder"
    cp -r clients/go/{go.mod,*.go,v1,README.md} LICENSE "$folder"
    rm -f "$folder"/*_test.go
    tar --create --gzip --file "$dist/clawgrpc-go-$version.tar.gz" --directory "$stage" --sort=name --owner=0 --group=0 \
        --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" "clawgrpc-go-$version"
}

make_package() {
    local start=$SECONDS
    "$1" >"$stage/$1.log" 2>&1 || { cat "$stage/$1.log" >&2; die "$1 failed"; }
    echo "dist-clients: $1, $((SECONDS - start)) s"
}
eng/buf --version >/dev/null
make_package nuget &
{ make_package python && make_package go_module; } &
first=$!
make_package npm_package
wait "$first"
wait
cd "$dist"
for file in ClawGrpc.{Client,Protos}."$version".{nupkg,snupkg} clawgrpc-"$version"{.tar.gz,-py3-none-any.whl,.tgz} \
    clawgrpc-go-"$version".tar.gz; do
    [[ -f $file ]] || die "$file was not made"
    sha256sum "$file"
done >SHA256SUMS.clients
cat SHA256SUMS.clients
