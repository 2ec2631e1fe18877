"""What a failed call says: its code for the caller, its reason for the program."""

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
    """One wrong field of a request."""

    field: str
    """The path to it, such as `input.messages.messages[0].role`."""
    description: str
    """What is wrong with it and what would be right."""


@dataclass(frozen=True)
class ErrorFacts:
    """All that an error of a call says. The reasons are documented at `ErrorReason` in error_reason.proto."""

    code: grpc.StatusCode
    """Speaks of the caller and ClawGrpc."""
    message: str
    """For people."""
    reason: str = ""
    """Speaks of Anthropic and the credentials, such as `RATE_LIMITED`; empty: the error does not come from ClawGrpc."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Facts of this very error, such as `profile_id`."""
    field_violations: tuple[FieldViolation, ...] = ()
    """All wrong fields of the request."""
    retry_delay: timedelta | None = None
    """A repeat may succeed after this time; None: nothing is known of that."""
    receipt: v1.Receipt | None = None
    """What a failed completion did; None for every other call."""

    def __str__(self) -> str:
        """One line for a person, such as `INVALID_ARGUMENT INVALID_FIELD: … (api_key.key: must not be empty)`."""
        head = " ".join(word for word in (self.code.name, self.reason) if word)
        fields = "; ".join(f"{violation.field}: {violation.description}" for violation in self.field_violations)
        return f"{head}: {self.message}" + (f" ({fields})" if fields else "")


def read_error(error: grpc.RpcError) -> ErrorFacts:
    """Reads what a stub raised. Details that cannot be read are left out; the code and the message are always there."""
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
    # A pool of their own: an application may have loaded another edition of these files, and one pool takes a file once.
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(resources.files(v1).joinpath("google_rpc.binpb").read_bytes())
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    names = ("google.rpc.Status", "google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest")
    # Since protobuf 4.22 this is a function; the class went with 5.
    message_class = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
    return {name: message_class(pool.FindMessageTypeByName(name)) for name in names}


_TYPES = _load_types()
