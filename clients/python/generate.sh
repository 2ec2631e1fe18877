#!/bin/sh
# Generates clawgrpc/v1 from ../../protos: messages, their types for editors, stubs, and the descriptors of error details.
# Needs protoc and grpc_python_plugin: the Debian packages protobuf-compiler and protobuf-compiler-grpc.
set -eu

cd "$(dirname "$0")"
# buf reads the contract and hands it to protoc: Debian's is older than some of the options in it.
buf=../../eng/buf
protos=../../protos

# A message that left the contract must not stay importable, so the folder is made anew each time.
rm -rf clawgrpc/v1
"$buf" generate "$protos" --path "$protos/clawgrpc"

# As descriptors, not as modules: a module of google/rpc would collide with googleapis-common-protos.
"$buf" build "$protos" --path "$protos/google/rpc" --exclude-source-info --output clawgrpc/v1/google_rpc.binpb

# One import for all of the contract: `from clawgrpc import v1`.
cd clawgrpc/v1
for file in *_pb2.py; do
    echo "from .${file%.py} import *"
done >__init__.py
for file in *_service_pb2_grpc.py; do
    sed -n "s/^class \([A-Za-z]*Stub\)(.*/from .${file%.py} import \1/p" "$file"
done >>__init__.py
