"""Endpoints, and channels to them."""

import os
import re
import urllib.parse
from collections.abc import Mapping

import grpc

_CHANNEL_OPTIONS: Mapping[str, object] = {
    # Messages may exceed 32 MB; gRPC's default limit for responses is 4 MB.
    "grpc.max_receive_message_length": -1,
    # The server is on this machine; HTTP proxies are for other hosts.
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
    """Returns the gRPC target of `unix:PATH` or `http://HOST:PORT`. Raises ValueError for any other endpoint."""
    if endpoint.startswith("unix:"):
        # unix:///path is equivalent to unix:/path.
        path = endpoint.removeprefix("unix:").removeprefix("//")
        if path:
            # gRPC decodes its targets as URIs, so quote blanks and percent signs.
            return "unix:" + urllib.parse.quote(path)
    elif http := re.fullmatch(r"http://((?:[^/?#@:\[\]]+|\[[^\]]+\]):\d+)/?", endpoint):
        return http[1]
    raise ValueError(f'endpoint "{endpoint}" is neither unix:PATH nor http://HOST:PORT')


def connect(endpoint: str = "", options: Mapping[str, object] = {}) -> grpc.Channel:
    """Creates a channel for the stubs of `clawgrpc.v1`; close it, or use it in a `with`.

    `endpoint` is as for `resolve_endpoint`. The channel connects with the first call, which fails with UNAVAILABLE if there is
    no server. `options` are gRPC channel arguments and override the ones set here.
    Raises ValueError if the endpoint is neither `unix:PATH` nor `http://HOST:PORT`.
    """
    target = grpc_target(resolve_endpoint(endpoint))
    return grpc.insecure_channel(target, options=tuple({**_CHANNEL_OPTIONS, **options}.items()))
