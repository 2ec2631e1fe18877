"""Endpoints, and channels to them."""

import ipaddress
import os
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc

from .tokens import TokenInterceptor, TokenSource, find_token

_CHANNEL_OPTIONS: Mapping[str, object] = {
    # Messages may exceed 32 MB; gRPC's default limit for responses is 4 MB.
    "grpc.max_receive_message_length": -1,
    # The server is on this machine or near; HTTP proxies are for other hosts.
    "grpc.enable_http_proxy": 0,
    # Detects a vanished peer within half a minute, during a silent watch too.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.http2.max_pings_without_data": 0,
    # By default, gRPC waits up to two minutes before it reconnects to a restarted server.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
}


# The variables and folders of the state folder, in the order in which the server looks for it.
_STATE_FOLDERS = (
    ("CLAWGRPC_STATE_DIR", ".clawgrpc"),
    ("OPENCLAW_STATE_DIR", ".openclaw"),
    ("CLAWDBOT_STATE_DIR", ".clawdbot"),
    ("MOLTBOT_STATE_DIR", ".moltbot"),
    ("MOLDBOT_STATE_DIR", ".moldbot"),
)


def resolve_endpoint(endpoint: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """Returns the endpoint to call: `endpoint`, else `CLAWGRPC_ENDPOINT`, else the socket in the state folder.

    The state folder is `CLAWGRPC_STATE_DIR` or the variable of OpenClaw, Clawdbot or Moltbot, else the first of their default
    folders that exists, else `~/.clawgrpc`. An empty value counts as absent.
    """
    if endpoint := endpoint or environment.get("CLAWGRPC_ENDPOINT", ""):
        return endpoint
    return "unix:" + os.path.join(_state_folder(environment), "clawgrpc.sock")


def _state_folder(environment: Mapping[str, str]) -> str:
    home = environment.get("HOME") or os.path.expanduser("~")
    for variable, _ in _STATE_FOLDERS:
        if named := environment.get(variable, ""):
            return home + named[1:] if named == "~" or named.startswith("~/") else named
    folders = [os.path.join(home, folder) for _, folder in _STATE_FOLDERS]
    return next(filter(os.path.isdir, folders), folders[0])


def grpc_target(endpoint: str) -> str:
    """Returns the gRPC target of `unix:PATH`, `http://HOST:PORT` or `https://HOST[:PORT]`. Raises ValueError for any other
    endpoint."""
    if endpoint.startswith("unix:"):
        # unix:///path is equivalent to unix:/path.
        path = endpoint.removeprefix("unix:").removeprefix("//")
        if path:
            # gRPC decodes its targets as URIs, so quote blanks and percent signs.
            return "unix:" + urllib.parse.quote(path)
    elif address := re.fullmatch(r"(https?)://((?:[^/?#@:\[\]]+|\[[^\]]+\]))(:\d+)?/?", endpoint):
        scheme, host, port = address.groups()
        if port or scheme == "https":
            return host + (port or ":443")
    raise ValueError(f'endpoint "{endpoint}" is neither unix:PATH nor http://HOST:PORT nor https://HOST')


def connect(
    endpoint: str = "",
    options: Mapping[str, object] = {},
    *,
    token: str = "",
    token_file: str = "",
    ca_file: str = "",
    cert_file: str = "",
    key_file: str = "",
    environment: Mapping[str, str] = os.environ,
) -> grpc.Channel:
    """Creates a channel for the stubs of `clawgrpc.v1`; close it, or use it in a `with`.

    `endpoint` is as for `resolve_endpoint`. The channel connects with the first call, which fails with UNAVAILABLE if there is
    no server. `options` are gRPC channel arguments and override the ones set here.

    Every call shows the token of `token_file`, which is read again each time, or `token`; else that of `CLAWGRPC_TOKEN_FILE`,
    else `CLAWGRPC_TOKEN`; else, for a loopback address without TLS alone, that of the file `admin-token` in the state folder.
    A call raises TokenError, a `grpc.RpcError`, if the file cannot be read.

    For `https://`, `ca_file` has the only CA certificates to trust (else `CLAWGRPC_CA_FILE`, else the system's), `cert_file` and
    `key_file` the client's certificate (else `CLAWGRPC_CERT_FILE` and `CLAWGRPC_KEY_FILE`), all as PEM. They are read here, once.

    Raises ValueError if the endpoint is none, or if a token would go in the clear beyond this machine; OSError if a file of TLS
    cannot be read.
    """
    plan = plan_connection(endpoint, options, token, token_file, ca_file, cert_file, key_file, environment)
    if plan.tls is not None:
        channel = grpc.secure_channel(plan.target, plan.tls, options=plan.arguments)
    else:
        channel = grpc.insecure_channel(plan.target, options=plan.arguments)
    return channel if plan.source is None else grpc.intercept_channel(channel, TokenInterceptor(plan.source))


@dataclass(frozen=True)
class ConnectionPlan:
    """What a channel is created with, whether for threads or for asyncio."""

    target: str
    """The gRPC target."""
    arguments: tuple[tuple[str, object], ...]
    """gRPC channel arguments."""
    source: TokenSource | None
    """Where the token of each call comes from; None without a token."""
    tls: grpc.ChannelCredentials | None
    """None without TLS."""


def plan_connection(
    endpoint: str,
    options: Mapping[str, object],
    token: str,
    token_file: str,
    ca_file: str,
    cert_file: str,
    key_file: str,
    environment: Mapping[str, str],
) -> ConnectionPlan:
    """Decides what `connect` does; the arguments and errors are its own."""
    resolved = resolve_endpoint(endpoint, environment)
    target = grpc_target(resolved)
    arguments = tuple({**_CHANNEL_OPTIONS, **options}.items())
    in_clear = resolved.startswith("http://")
    loopback = in_clear and _is_loopback(urllib.parse.urlsplit(resolved).hostname or "")
    admin_token = Path(_state_folder(environment), "admin-token") if loopback else None
    source = find_token(token, token_file, environment, admin_token)
    if source is not None and in_clear and not loopback:
        raise ValueError(
            f"refused to show the token of {source.origin} to {resolved}: without TLS everybody on the way could read it; "
            f"call https{resolved.removeprefix('http')}, or call without a token"
        )
    tls = None
    if resolved.startswith("https:"):
        tls = _tls(
            ca_file or environment.get("CLAWGRPC_CA_FILE", ""),
            key_file or environment.get("CLAWGRPC_KEY_FILE", ""),
            cert_file or environment.get("CLAWGRPC_CERT_FILE", ""),
        )
    return ConnectionPlan(target, arguments, source, tls)


def _tls(ca_file: str, key_file: str, cert_file: str) -> grpc.ChannelCredentials:
    if bool(key_file) != bool(cert_file):
        raise ValueError(
            "a client certificate takes two files: name the certificate (CLAWGRPC_CERT_FILE) and its key (CLAWGRPC_KEY_FILE)"
        )
    ca, key, certificate = (Path(file).read_bytes() if file else None for file in (ca_file, key_file, cert_file))
    return grpc.ssl_channel_credentials(ca, key, certificate)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
