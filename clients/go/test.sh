#!/usr/bin/env bash
# Runs the tests of the Go client with Debian's Go and gRPC; writes JUnit XML to artifacts/test-results/client-go.xml.
set -uo pipefail
cd "$(dirname "$0")" || exit 1

report=$PWD/../../artifacts/test-results/client-go.xml
gopath=$(mktemp -d)
trap 'rm -rf "$gopath"' EXIT
mkdir -p "$gopath/src" "${report%/*}"
ln -s "$PWD" "$gopath/src/clawgrpc"
export GO111MODULE=off GOPATH=$gopath:/usr/share/gocode

formatted=$(gofmt -l ./*.go ../../tests/contract)
if [[ -n $formatted ]]; then
    echo "not as gofmt writes it: $formatted"
    exit 1
fi
(cd "$gopath/src/clawgrpc" && go vet . && go test -v .) | tee "$gopath/log"
code=$?
{
    echo '<testsuites><testsuite name="client-go">'
    sed -n -e 's#^--- PASS: \(\S*\).*#<testcase name="\1"/>#p' \
        -e 's#^--- FAIL: \(\S*\).*#<testcase name="\1"><failure/></testcase>#p' \
        -e 's#^--- SKIP: \(\S*\).*#<testcase name="\1"><skipped/></testcase>#p' "$gopath/log"
    echo '</testsuite></testsuites>'
} >"$report"
exit "$code"
