"""Errors with details, encoded independently of the client's code."""

import grpc


def field(number: int, value: bytes | str) -> bytes:
    """A length-delimited field of a protobuf message."""
    data = value.encode() if isinstance(value, str) else value
    assert len(data) < 16_384
    size = bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 127 | 128, len(data) >> 7])
    return bytes([number << 3 | 2]) + size + data


def error_info(reason: str, domain: str = "clawgrpc.v1", **metadata: str) -> bytes:
    pairs = b"".join(field(3, field(1, key) + field(2, value)) for key, value in metadata.items())
    return _any("ErrorInfo", field(1, reason) + field(2, domain) + pairs)


def retry_info(seconds: int) -> bytes:
    assert seconds < 128
    return _any("RetryInfo", field(1, bytes([1 << 3, seconds])))


def bad_request(path: str, description: str) -> bytes:
    return _any("BadRequest", field(1, field(1, path) + field(2, description)))


def _any(name: str, value: bytes) -> bytes:
    return field(1, f"type.googleapis.com/google.rpc.{name}") + field(2, value)


def fail(context: grpc.ServicerContext, code: grpc.StatusCode, message: str, *details: bytes, **trailers: bytes) -> None:
    """Fails the call with this error."""
    status = bytes([1 << 3, code.value[0]]) + field(2, message) + b"".join(field(3, detail) for detail in details)
    named = {name.replace("_", "-"): value for name, value in trailers.items()}
    context.set_trailing_metadata(tuple({"grpc-status-details-bin": status, **named}.items()))
    context.abort(code, message)
