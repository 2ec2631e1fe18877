"""Where the server is, and a channel to it."""

import os
import re
import urllib.parse
from collections.abc import Mapping

import grpc

_CHANNEL_OPTIONS: Mapping[str, object] = {
    # The server takes and gives messages of 32 MB and more; gRPC's own limit for answers is 4 MB.
    "grpc.max_receive_message_length": -1,
    # The server is on this machine; a proxy that the environment names is for the world outside.
    "grpc.enable_http_proxy": 0,
    # A peer that vanished without a word is noticed within half a minute, also while a watch has nothing to say.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    "grpc.http2.max_pings_without_data": 0,
    # gRPC would wait for up to two minutes before it dials a restarted server again, whatever its callers do.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
}


# Variable and folder of the programs whose state the server may keep, in the order in which it looks for them.
_STATE_FOLDERS = (
    ("CLAWGRPC_STATE_DIR", ".clawgrpc"),
    ("OPENCLAW_STATE_DIR", ".openclaw"),
    ("CLAWDBOT_STATE_DIR", ".clawdbot"),
    ("MOLTBOT_STATE_DIR", ".moltbot"),
    ("MOLDBOT_STATE_DIR", ".moldbot"),
)


def resolve_endpoint(endpoint: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """The endpoint to use: `endpoint`, else `CLAWGRPC_ENDPOINT`, else the socket in the state folder.

    The state folder is found as the server finds it: `CLAWGRPC_STATE_DIR` or what OpenClaw, Clawdbot and Moltbot call theirs, else
    the first of their folders that there is, else `~/.clawgrpc`. An empty value counts as absent.
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
    """What gRPC calls `endpoint`, which is `unix:PATH` or `http://HOST:PORT`. Raises ValueError for any other."""
    if endpoint.startswith("unix:"):
        # unix:///path is another spelling of unix:/path.
        path = endpoint.removeprefix("unix:").removeprefix("//")
        if path:
            # gRPC decodes its targets as URIs: a blank or a percent sign in a path would not survive.
            return "unix:" + urllib.parse.quote(path)
    elif http := re.fullmatch(r"http://((?:[^/?#@:\[\]]+|\[[^\]]+\]):\d+)/?", endpoint):
        return http[1]
    raise ValueError(f'endpoint "{endpoint}" is neither unix:PATH nor http://HOST:PORT')


def connect(endpoint: str = "", options: Mapping[str, object] = {}) -> grpc.Channel:
    """A channel for the stubs of `clawgrpc.v1`; close it, or use it in a `with`.

    `endpoint` is as for `resolve_endpoint`. Nothing is dialled before the first call, so that a server which is not there
    shows as UNAVAILABLE there. `options` are channel arguments of gRPC; they win over the ones set here.
    Raises ValueError if the endpoint is neither `unix:PATH` nor `http://HOST:PORT`.
    """
    target = grpc_target(resolve_endpoint(endpoint))
    return grpc.insecure_channel(target, options=tuple({**_CHANNEL_OPTIONS, **options}.items()))
