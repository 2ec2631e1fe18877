"""Writes types for the service stubs of clawgrpc/v1, of which protoc writes none. generate.sh runs it.

Over a channel of `grpc.aio` a stub returns calls to await. For these, NAMEAsyncStub is the same class with the types of asyncio.
"""

import importlib
import sys
from pathlib import Path

FOLDER = Path("clawgrpc/v1")


def main() -> None:
    sys.path.insert(0, ".")
    services = []
    for path in sorted(FOLDER.glob("*_service_pb2.py")):
        descriptor = importlib.import_module(f"clawgrpc.v1.{path.stem}").DESCRIPTOR
        path.with_name(f"{path.stem}_grpc.pyi").write_text(types_of(descriptor))
        services += [(f".{path.stem}_grpc", name) for name in descriptor.services_by_name]
    # At run time both are the same class.
    with (FOLDER / "__init__.py").open("a") as file:
        file.write("from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n")
        file.writelines(f"    from {module} import {name}AsyncStub\n" for module, name in services)
        file.write("else:\n")
        file.writelines(f"    {name}AsyncStub = {name}Stub\n" for _, name in services)


def types_of(file) -> str:
    lines = ["import grpc\nimport grpc.aio\n"]
    lines.append("from ..calls import AsyncStreaming, AsyncUnary, Streaming, Unary\n")
    methods = [method for service in file.services_by_name.values() for method in service.methods]
    messages = {message for method in methods for message in (method.input_type, method.output_type)}
    lines += sorted(f"from .{Path(message.file.name).stem}_pb2 import {message.name}\n" for message in messages)
    for service in file.services_by_name.values():
        for prefix, channel in (("", "grpc.Channel"), ("Async", "grpc.aio.Channel")):
            lines.append(f"\nclass {service.name}{prefix}Stub:\n    def __init__(self, channel: {channel}) -> None: ...\n")
            for method in service.methods:
                kind = prefix + ("Streaming" if method.server_streaming else "Unary")
                lines.append(f"    {method.name}: {kind}[{method.input_type.name}, {method.output_type.name}]\n")
    return "".join(lines)


if __name__ == "__main__":
    main()
