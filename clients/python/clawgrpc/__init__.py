"""Client of ClawGrpc: the generated stubs and messages in `clawgrpc.v1`, endpoints, completions in one line, errors and a status
watch. `clawgrpc.aio` has the same for asyncio."""

from . import v1
from .endpoint import connect, grpc_target, resolve_endpoint
from .errors import ErrorFacts, FieldViolation, read_error
from .prompting import Answer, AnswerStream, complete, stream
from .tokens import TokenError
from .watch import StatusWatch

__all__ = [
    "Answer",
    "AnswerStream",
    "ErrorFacts",
    "FieldViolation",
    "StatusWatch",
    "TokenError",
    "complete",
    "connect",
    "grpc_target",
    "read_error",
    "resolve_endpoint",
    "stream",
    "v1",
]
