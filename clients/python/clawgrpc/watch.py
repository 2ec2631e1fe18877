"""A status watch that reconnects."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import grpc

from . import v1
from .errors import ErrorFacts, read_error

# A token that ends may be replaced a moment later: so often in a row, for some seconds, a watch tries again.
UNKNOWN_AT_MOST = 6

# The codes of broken connections. ClawGrpc's own errors have a reason; of those, only UNAVAILABLE is transient.
_BROKEN_CONNECTION = frozenset({
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
})


def is_transient(facts: ErrorFacts) -> bool:
    """Whether a watch that failed with this error may succeed later."""
    if facts.reason:
        return facts.code is grpc.StatusCode.UNAVAILABLE
    return facts.code in _BROKEN_CONNECTION


def back_off(failures: int, jitter: float) -> timedelta:
    """The delay after a number of failures in a row (at least 1): 0.1 s, doubled each time up to 5 s. `jitter` (0 to 1) takes
    off up to half, so that many watchers do not reconnect at once."""
    whole = min(5.0, 0.1 * 2 ** min(failures - 1, 16))
    return timedelta(seconds=whole * (1 - jitter / 2))


class StatusWatch:
    """Iterates over the statuses of an agent: the whole status now, and again after each change.

    When the connection breaks or the server is down, the watch waits, reconnects and resumes from the last revision seen.
    A watch that ends because its token did resumes with the token that the file holds by then. Iteration ends when `stop` is
    called. It raises `grpc.RpcError` on a permanent error such as AGENT_NOT_FOUND. Not thread-safe, except for `stop`.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        agent_id: str = "",
        known_revision: int = 0,
        on_retry: Callable[[ErrorFacts | None, timedelta], None] | None = None,
    ) -> None:
        """`agent_id` is empty for the default agent. `known_revision` is the last one seen, to get only newer ones; 0 to get
        the current one at once. Each interruption calls `on_retry` with its error (None if the server ended the stream
        without one) and the delay before the next try."""
        self._service = v1.ModelServiceStub(channel)
        self._agent_id = agent_id
        self._on_retry = on_retry
        self._known_revision = known_revision
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._call: grpc.Call | None = None

    @property
    def known_revision(self) -> int:
        """The last revision seen; a later watch can resume from it."""
        return self._known_revision

    def stop(self) -> None:
        """Ends the iteration at once; it cannot be resumed."""
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
        was_known = False
        while (call := self._begin()) is not None:
            facts = None
            try:
                for response in call:
                    # Only a message resets the delay: a connection may open and break again.
                    failures = 0
                    was_known = True
                    if response.HasField("status"):
                        self._known_revision = response.status.revision
                        yield response.status
            except grpc.RpcError as error:
                if self._stopped.is_set():
                    return
                facts = read_error(error)
                token_ended = facts.code is grpc.StatusCode.UNAUTHENTICATED and was_known and failures < UNKNOWN_AT_MOST
                if not (token_ended or is_transient(facts)):
                    raise
            finally:
                call.cancel()
            failures += 1
            self._wait(back_off(failures, random.random()), facts)

    def _begin(self) -> grpc.Call | None:
        with self._lock:
            if self._stopped.is_set():
                return None
            request = v1.WatchStatusRequest(agent_id=self._agent_id, known_revision=self._known_revision)
            self._call = self._service.WatchStatus(request)
            return self._call

    def _wait(self, delay: timedelta, facts: ErrorFacts | None) -> None:
        if self._on_retry is not None and not self._stopped.is_set():
            self._on_retry(facts, delay)
        self._stopped.wait(delay.total_seconds())
