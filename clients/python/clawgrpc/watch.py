"""The status of an agent as a stream that outlives the server's restarts."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import grpc

from . import v1
from .errors import ErrorFacts, read_error

# What the transport says when a connection breaks. ClawGrpc's own errors have a reason, and of them only UNAVAILABLE passes.
_BROKEN_CONNECTION = frozenset({
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
})


def repeat_may_mend(facts: ErrorFacts) -> bool:
    """Whether a watch that ended with this error is worth beginning again."""
    if facts.reason:
        return facts.code is grpc.StatusCode.UNAVAILABLE
    return facts.code in _BROKEN_CONNECTION


def back_off(failures: int, jitter: float) -> timedelta:
    """The pause after so many failures in a row (at least 1): 0.1 s, doubled each time up to 5 s, of which `jitter`
    (0 to 1) takes off up to half, so that many watchers do not come back at once."""
    whole = min(5.0, 0.1 * 2 ** min(failures - 1, 16))
    return timedelta(seconds=whole * (1 - jitter / 2))


class StatusWatch:
    """Iterates over the statuses of an agent: the one now, and the whole status again after each change.

    A broken connection and a server that stops or is not there are waited out; the watch goes on from the revision last
    seen. Iteration ends when `stop` is called. It raises `grpc.RpcError` on an error that a repeat cannot mend, such as
    AGENT_NOT_FOUND. For one thread, but for `stop`, which any may call.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        agent_id: str = "",
        known_revision: int = 0,
        on_retry: Callable[[ErrorFacts | None, timedelta], None] | None = None,
    ) -> None:
        """`agent_id` empty: the default agent. `known_revision` is the last one seen: only newer ones come; 0: the
        present one comes at once. `on_retry` hears of each interruption (None: the server ended the stream without an
        error) and of the pause before the next try."""
        self._service = v1.ModelServiceStub(channel)
        self._agent_id = agent_id
        self._on_retry = on_retry
        self._known_revision = known_revision
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._call: grpc.Call | None = None

    @property
    def known_revision(self) -> int:
        """The revision last seen; a later watch can go on from it."""
        return self._known_revision

    def stop(self) -> None:
        """Ends the iteration, at once and for good."""
        with self._lock:
            self._stopped.set()
            if self._call is not None:
                self._call.cancel()

    def __enter__(self) -> "StatusWatch":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __iter__(self) -> Iterator[v1.AgentStatus]:
        failures = 0
        while (call := self._begin()) is not None:
            facts = None
            try:
                for answer in call:
                    # Only a message proves the server well: a connection that opens and breaks must not be hammered.
                    failures = 0
                    if answer.HasField("status"):
                        self._known_revision = answer.status.revision
                        yield answer.status
            except grpc.RpcError as error:
                if self._stopped.is_set():
                    return
                facts = read_error(error)
                if not repeat_may_mend(facts):
                    raise
            finally:
                call.cancel()
            failures += 1
            self._pause(back_off(failures, random.random()), facts)

    def _begin(self) -> grpc.Call | None:
        with self._lock:
            if self._stopped.is_set():
                return None
            request = v1.WatchStatusRequest(agent_id=self._agent_id, known_revision=self._known_revision)
            self._call = self._service.WatchStatus(request)
            return self._call

    def _pause(self, pause: timedelta, facts: ErrorFacts | None) -> None:
        if self._on_retry is not None and not self._stopped.is_set():
            self._on_retry(facts, pause)
        self._stopped.wait(pause.total_seconds())
