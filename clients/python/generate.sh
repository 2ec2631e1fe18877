#!/bin/sh
# Generates clawgrpc/v1 from ../../protos: messages, service stubs, types of both, and descriptors of error details.
# Needs protoc and grpc_python_plugin: the Debian packages protobuf-compiler and protobuf-compiler-grpc.
set -eu

cd "$(dirname "$0")"
# buf parses the contract and passes descriptors to protoc's plugins: Debian's protoc is too old for some of its options.
buf=../../eng/buf
protos=../../protos

# Start from an empty folder, so that removed messages cannot be imported.
rm -rf clawgrpc/v1
"$buf" generate "$protos" --path "$protos/clawgrpc"

# Descriptors instead of modules: a google.rpc module would collide with googleapis-common-protos.
"$buf" build "$protos" --path "$protos/google/rpc" --exclude-source-info --output clawgrpc/v1/google_rpc.binpb

# `from clawgrpc import v1` imports the whole contract.
cd clawgrpc/v1
for file in *_pb2.py; do
    echo "from .${file%.py} import *"
done >__init__.py
for file in *_service_pb2_grpc.py; do
    sed -n "s/^class \([A-Za-z]*Stub\)(.*/from .${file%.py} import \1/p" "$file"
done >>__init__.py

# Type checkers ask for the type of an empty list; protoc writes none, and no types for services.
sed -i 's/__slots__ = \[\]/__slots__: list[str] = []/' -- *_pb2.pyi
cd ../..
/usr/bin/python3 service_types.py
