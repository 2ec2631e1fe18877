"""The same for asyncio: channels, completions in one line, and a status watch that reconnects.

Calls of `clawgrpc.v1` over these channels are those of `grpc.aio`. Errors are read by `clawgrpc.read_error`, as everywhere.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

from . import v1
from .endpoint import plan_connection
from .errors import ErrorFacts, read_error
from .prompting import Answer, input_of
from .tokens import TokenSource
from .watch import UNKNOWN_AT_MOST, back_off, is_transient


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
) -> grpc.aio.Channel:
    """Creates a channel; close it, or use it in an `async with`. Arguments and errors are those of `clawgrpc.connect`."""
    plan = plan_connection(endpoint, options, token, token_file, ca_file, cert_file, key_file, environment)
    interceptors = [] if plan.source is None else [_Unary(plan.source), _Streamed(plan.source)]
    if plan.tls is not None:
        return grpc.aio.secure_channel(plan.target, plan.tls, plan.arguments, interceptors=interceptors)
    return grpc.aio.insecure_channel(plan.target, plan.arguments, interceptors=interceptors)


async def complete(
    prompt: str,
    *,
    model: str = "",
    agent_id: str = "",
    timeout: float | None = None,
    channel: grpc.aio.Channel | None = None,
) -> Answer:
    """Returns the whole answer to a prompt, as `clawgrpc.complete` does."""
    request = v1.CompleteRequest(input=input_of(prompt, model, agent_id))
    if channel is not None:
        return await _complete(channel, request, timeout)
    async with connect() as own:
        return await _complete(own, request, timeout)


async def _complete(channel: grpc.aio.Channel, request: v1.CompleteRequest, timeout: float | None) -> Answer:
    response = await v1.ModelServiceAsyncStub(channel).Complete(request, timeout=timeout)
    return Answer(response.completion, response.receipt)


class AnswerStream:
    """Iterates over the text of an answer, piece by piece as it comes. `close` cancels the call, and with it the request to
    Anthropic; so does the end of an `async with`, and the cancellation of the task."""

    def __init__(
        self, channel: grpc.aio.Channel, request: v1.StreamCompleteRequest, timeout: float | None, owned: bool
    ) -> None:
        self.receipt: v1.Receipt | None = None
        """What was really done; None until the answer is complete."""
        self._channel = channel
        self._owned = owned
        self._call = v1.ModelServiceAsyncStub(channel).StreamComplete(request, timeout=timeout)

    async def __aiter__(self) -> AsyncIterator[str]:
        try:
            async for response in self._call:
                if response.WhichOneof("event") == "block_delta" and response.block_delta.WhichOneof("delta") == "text":
                    yield response.block_delta.text
                elif response.HasField("finished"):
                    self.receipt = response.finished.receipt
        finally:
            await self.close()

    async def close(self) -> None:
        """Cancels the call if it has not ended."""
        self._call.cancel()
        if self._owned:
            await self._channel.close()

    async def __aenter__(self) -> "AnswerStream":
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()


def stream(
    prompt: str,
    *,
    model: str = "",
    agent_id: str = "",
    timeout: float | None = None,
    channel: grpc.aio.Channel | None = None,
) -> AnswerStream:
    """Streams the text of the answer to a prompt, as `clawgrpc.stream` does."""
    request = v1.StreamCompleteRequest(input=input_of(prompt, model, agent_id))
    return AnswerStream(connect() if channel is None else channel, request, timeout, owned=channel is None)


class StatusWatch:
    """Iterates over the statuses of an agent: the whole status now, and again after each change.

    It reconnects and ends as `clawgrpc.StatusWatch` does: leave the loop inside an `async with`, or cancel the task.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        agent_id: str = "",
        known_revision: int = 0,
        on_retry: Callable[[ErrorFacts | None, timedelta], None] | None = None,
    ) -> None:
        """The arguments are those of `clawgrpc.StatusWatch`."""
        self.known_revision = known_revision
        """The last revision seen; a later watch can resume from it."""
        self._service = v1.ModelServiceAsyncStub(channel)
        self._agent_id = agent_id
        self._on_retry = on_retry
        self._statuses: AsyncGenerator[v1.AgentStatus, None] | None = None

    async def __aenter__(self) -> "StatusWatch":
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._statuses is not None:
            await self._statuses.aclose()

    def __aiter__(self) -> AsyncIterator[v1.AgentStatus]:
        self._statuses = self._follow()
        return self._statuses

    async def _follow(self) -> AsyncGenerator[v1.AgentStatus, None]:
        failures = 0
        was_known = False
        while True:
            facts = None
            request = v1.WatchStatusRequest(agent_id=self._agent_id, known_revision=self.known_revision)
            call = self._service.WatchStatus(request)
            try:
                async for response in call:
                    # Only a message resets the delay: a connection may open and break again.
                    failures = 0
                    was_known = True
                    if response.HasField("status"):
                        self.known_revision = response.status.revision
                        yield response.status
            except grpc.RpcError as error:
                facts = read_error(error)
                token_ended = facts.code is grpc.StatusCode.UNAUTHENTICATED and was_known and failures < UNKNOWN_AT_MOST
                if not (token_ended or is_transient(facts)):
                    raise
            finally:
                call.cancel()
            failures += 1
            delay = back_off(failures, random.random())
            if self._on_retry is not None:
                self._on_retry(facts, delay)
            await asyncio.sleep(delay.total_seconds())


# One class for each kind of call: grpc.aio takes an interceptor for the first kind that it has.
class _Shows:
    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def _shown(self, details: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
        metadata = grpc.aio.Metadata(*(details.metadata or ()), ("authorization", f"Bearer {self._source.read()}"))
        return details._replace(metadata=metadata)


class _Unary(_Shows, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(self._shown(client_call_details), request)


class _Streamed(_Shows, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        return await continuation(self._shown(client_call_details), request)
