"""A gRPC server in this process that answers from a script."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from clawgrpc import v1
from clawgrpc.v1.model_service_pb2_grpc import ModelServiceServicer, add_ModelServiceServicer_to_server

Watch = Callable[[v1.WatchStatusRequest, grpc.ServicerContext], Iterator[v1.WatchStatusResponse]]
Completion = Callable[[v1.CompleteRequest, grpc.ServicerContext], v1.CompleteResponse]
Stream = Callable[[v1.StreamCompleteRequest, grpc.ServicerContext], Iterator[v1.StreamCompleteResponse]]


class ScriptedServer(ModelServiceServicer):
    """The n-th of `watches` serves the n-th watch, the last one all further ones; `completion` serves every completion,
    `streamed` every streamed one."""

    def __init__(
        self,
        *watches: Watch,
        completion: Completion | None = None,
        streamed: Stream | None = None,
        port: grpc.ServerCredentials | bool = False,
    ) -> None:
        """`port`: listens on a loopback port instead of a Unix socket; with these credentials, or True for none."""
        self._watches = list(watches)
        self._completion = completion
        self._streamed = streamed
        self._folder = tempfile.TemporaryDirectory()
        self._server = grpc.server(ThreadPoolExecutor(4))
        add_ModelServiceServicer_to_server(self, self._server)
        self.authorizations: list[str | bytes | None] = []
        """The `authorization` of each call, in the order received; None if it had none."""
        if port is True:
            self.endpoint = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
            return
        if port is not False:
            self.endpoint = f"https://localhost:{self._server.add_secure_port('127.0.0.1:0', port)}"
            return
        # Paths may contain blanks and percent signs.
        path = Path(self._folder.name) / "a b%"
        path.mkdir()
        self.endpoint = f"unix:{path}/clawgrpc.sock"
        self._server.add_insecure_port(f"unix:{str(path).replace('%', '%25').replace(' ', '%20')}/clawgrpc.sock")

    def __enter__(self) -> "ScriptedServer":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=None).wait()
        self._folder.cleanup()

    def WatchStatus(self, request: v1.WatchStatusRequest, context: grpc.ServicerContext) -> Iterator[v1.WatchStatusResponse]:
        self._note(context)
        watch = self._watches.pop(0) if len(self._watches) > 1 else self._watches[0]
        yield from watch(request, context)

    def Complete(self, request: v1.CompleteRequest, context: grpc.ServicerContext) -> v1.CompleteResponse:
        self._note(context)
        return self._completion(request, context)

    def StreamComplete(
        self, request: v1.StreamCompleteRequest, context: grpc.ServicerContext
    ) -> Iterator[v1.StreamCompleteResponse]:
        yield from self._streamed(request, context)

    def _note(self, context: grpc.ServicerContext) -> None:
        self.authorizations.append(dict(context.invocation_metadata()).get("authorization"))


def until_cancelled(context: grpc.ServicerContext) -> None:
    """Waits until the client cancels the call."""
    left = threading.Event()
    if context.add_callback(left.set):
        left.wait()


def status(revision: int) -> v1.WatchStatusResponse:
    return v1.WatchStatusResponse(status=v1.AgentStatus(revision=revision), revision=revision)
