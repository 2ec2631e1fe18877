"""Client of ClawGrpc: the generated stubs and messages in `clawgrpc.v1`, endpoints, errors and a status watch."""

from . import v1
from .endpoint import connect, grpc_target, resolve_endpoint
from .errors import ErrorFacts, FieldViolation, read_error
from .tokens import TokenError
from .watch import StatusWatch

__all__ = [
    "ErrorFacts",
    "FieldViolation",
    "StatusWatch",
    "TokenError",
    "connect",
    "grpc_target",
    "read_error",
    "resolve_endpoint",
    "v1",
]
