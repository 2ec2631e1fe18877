#!/bin/sh
# Generates v1 from ../../protos; what it writes is committed, so that no user of the module needs it. Needs the Debian packages
# protoc-gen-go and protoc-gen-go-grpc.
set -eu

cd "$(dirname "$0")"
rm -rf v1
../../eng/buf generate ../../protos --path ../../protos/clawgrpc
