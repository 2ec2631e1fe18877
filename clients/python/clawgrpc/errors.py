"""Errors of failed calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from . import v1

ERROR_DOMAIN = "clawgrpc.v1"


@dataclass(frozen=True)
class FieldViolation:
    """An invalid field of a request."""

    field: str
    """The path of the field, such as `input.messages.messages[0].role`."""
    description: str
    """What is wrong with it, and what would be valid."""


@dataclass(frozen=True)
class ErrorFacts:
    """The error of a failed call. `ErrorReason` in error_reason.proto documents the reasons."""

    code: grpc.StatusCode
    """The gRPC code, which speaks of the caller and ClawGrpc."""
    message: str
    """What went wrong, for people; may be empty."""
    reason: str = ""
    """The reason, which speaks of Anthropic and the credentials, such as `RATE_LIMITED`; empty if the error is not ClawGrpc's."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Facts about this error, such as `profile_id`; empty if there are none."""
    field_violations: tuple[FieldViolation, ...] = ()
    """All invalid fields of the request; empty if it was not refused for its fields."""
    retry_delay: timedelta | None = None
    """How long to wait before the next try; None if the server stated no time."""
    receipt: v1.Receipt | None = None
    """The receipt of a failed completion; None for any other call."""

    def __str__(self) -> str:
        """One line for people, such as `INVALID_ARGUMENT INVALID_FIELD: … (api_key.key: must not be empty)`."""
        head = " ".join(word for word in (self.code.name, self.reason) if word)
        fields = "; ".join(f"{violation.field}: {violation.description}" for violation in self.field_violations)
        return f"{head}: {self.message}" + (f" ({fields})" if fields else "")


def read_error(error: grpc.RpcError) -> ErrorFacts:
    """Reads the error that a stub raised. Leaves out details that cannot be parsed; code and message are always present."""
    trailers = {key: value for key, value in (error.trailing_metadata() or ())}
    details = _details(trailers.get("grpc-status-details-bin", b""))
    info = details.get("google.rpc.ErrorInfo")
    retry = details.get("google.rpc.RetryInfo")
    bad_request = details.get("google.rpc.BadRequest")
    if info is not None and info.domain != ERROR_DOMAIN:
        info = None
    return ErrorFacts(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason if info else "",
        metadata=dict(info.metadata) if info else {},
        field_violations=tuple(
            FieldViolation(violation.field, violation.description) for violation in bad_request.field_violations
        ) if bad_request else (),
        retry_delay=_timedelta(retry.retry_delay) if retry else None,
        receipt=_receipt(trailers.get("clawgrpc-receipt-bin")),
    )


def _details(status: bytes) -> dict[str, Any]:
    details = {}
    try:
        for packed in _TYPES["google.rpc.Status"].FromString(status).details:
            name = packed.type_url.rpartition("/")[2]
            if name in _TYPES:
                details[name] = _TYPES[name].FromString(packed.value)
    except message.DecodeError:
        pass
    return details


def _receipt(trailer: bytes | None) -> v1.Receipt | None:
    try:
        return None if trailer is None else v1.Receipt.FromString(trailer)
    except message.DecodeError:
        return None


def _timedelta(duration: Any) -> timedelta:
    return timedelta(seconds=duration.seconds, microseconds=duration.nanos / 1_000)


def _load_types() -> Mapping[str, Any]:
    # A separate pool: a pool takes a file once, and the application may have loaded another version of these files.
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(resources.files(v1).joinpath("google_rpc.binpb").read_bytes())
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    names = ("google.rpc.Status", "google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest")
    # A function since protobuf 4.22; protobuf 5 removed the class.
    message_class = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return {name: message_class(pool.FindMessageTypeByName(name)) for name in names}


_TYPES = _load_types()
