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


def resolve_endpoint(endpoint: str = "", environment: Mapping[str, str] = os.environ) -> str:
    """The endpoint to use: `endpoint`, else `CLAWGRPC_ENDPOINT`, else the socket in the state folder.

    The state folder is `CLAWGRPC_STATE_DIR`, else `~/.clawgrpc`, as for the server. An empty value counts as absent.
    """
    if endpoint := endpoint or environment.get("CLAWGRPC_ENDPOINT", ""):
        return endpoint
    state = environment.get("CLAWGRPC_STATE_DIR") or os.path.join(os.path.expanduser("~"), ".clawgrpc")
    return "unix:" + os.path.join(state, "clawgrpc.sock")


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
