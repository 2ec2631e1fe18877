"""The token that calls show."""

import os
from collections import namedtuple
from collections.abc import Callable, Mapping
from pathlib import Path

import grpc

_LONGEST_FILE = 64 * 1024


class TokenError(grpc.RpcError):
    """There is no token to be had from its source: nothing was sent. Read as UNAUTHENTICATED by `read_error`."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAUTHENTICATED

    def details(self) -> str:
        return str(self)

    def trailing_metadata(self) -> tuple[()]:
        return ()


class TokenSource:
    """Where the token of a channel comes from. Reads a file again for each call, so that a replaced one is taken up."""

    def __init__(self, origin: str, read: Callable[[], str]) -> None:
        self.origin = origin
        self._read = read

    def read(self) -> str:
        """The token of now. Raises TokenError if there is none; the text names the source and never its content."""
        try:
            token = self._read().strip()
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise TokenError(f"there is no token to be had from {self.origin}: {why}") from None
        if token and token.isascii() and token.isprintable() and " " not in token:
            return token
        raise TokenError(f"there is no token to be had from {self.origin}: it is empty, or more than one line of ASCII")


def find_token(
    token: str, token_file: str, environment: Mapping[str, str], admin_token: Path | None
) -> TokenSource | None:
    """The source by order: option (a file before a token), file of the environment, token of the environment, the file
    `admin_token` if it can be read. None if there is none."""
    if token_file:
        return TokenSource(token_file, lambda: _content(token_file))
    if token.strip():
        return TokenSource("the argument token", lambda: token)
    if path := environment.get("CLAWGRPC_TOKEN_FILE", "").strip():
        return TokenSource(f"CLAWGRPC_TOKEN_FILE ({path})", lambda: _content(path))
    if named := environment.get("CLAWGRPC_TOKEN", "").strip():
        return TokenSource("CLAWGRPC_TOKEN", lambda: named)
    if admin_token is not None and os.access(admin_token, os.R_OK):
        return TokenSource(str(admin_token), lambda: _content(str(admin_token)))
    return None


def _content(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read(_LONGEST_FILE)


class _Details(
    namedtuple("_Details", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")),
    grpc.ClientCallDetails,
):
    pass


class TokenInterceptor(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Shows the token with every call: gRPC's own call credentials are for TLS only."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def _call(self, continuation: Callable, details: grpc.ClientCallDetails, request: object) -> object:
        metadata = [*(details.metadata or ()), ("authorization", f"Bearer {self._source.read()}")]
        shown = _Details(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            getattr(details, "wait_for_ready", None),
            getattr(details, "compression", None),
        )
        return continuation(shown, request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = intercept_stream_stream = _call
