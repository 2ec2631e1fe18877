"""Completions of a prompt that is text alone, in one line. Everything else is in the generated calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import grpc

from . import v1
from .endpoint import connect


@dataclass(frozen=True)
class Answer:
    """An answer; printed, its text."""

    completion: v1.Completion
    """The answer with all its blocks."""
    receipt: v1.Receipt
    """What was really done, and what it cost."""

    @property
    def text(self) -> str:
        """The text of the answer; empty if it has none, such as a mere tool call."""
        return "".join(block.text.text for block in self.completion.content)

    def __str__(self) -> str:
        return self.text


def input_of(prompt: str, model: str, agent_id: str) -> v1.CompletionInput:
    """The input of a prompt that is text alone."""
    message = v1.Message(role=v1.ROLE_USER, content=[v1.ContentBlock(text=v1.TextBlock(text=prompt))])
    return v1.CompletionInput(messages=v1.MessagesRequest(messages=[message]), model=model, agent_id=agent_id)


def complete(
    prompt: str,
    *,
    model: str = "",
    agent_id: str = "",
    timeout: float | None = None,
    channel: grpc.Channel | None = None,
) -> Answer:
    """Returns the whole answer to a prompt. A repeat is a new completion and is billed.

    `model` is `provider/model`, an alias or a short id, `agent_id` the agent; empty for the defaults. `timeout` is in seconds.
    Without a channel, it connects as `connect()` does and closes. Raises `grpc.RpcError`; `read_error` reads why.
    """
    request = v1.CompleteRequest(input=input_of(prompt, model, agent_id))
    if channel is not None:
        return _complete(channel, request, timeout)
    with connect() as own:
        return _complete(own, request, timeout)


def _complete(channel: grpc.Channel, request: v1.CompleteRequest, timeout: float | None) -> Answer:
    response = v1.ModelServiceStub(channel).Complete(request, timeout=timeout)
    return Answer(response.completion, response.receipt)


class AnswerStream:
    """Iterates over the text of an answer, piece by piece as it comes. `close` cancels the call, and with it the request to
    Anthropic; so does the end of a `with`."""

    def __init__(self, channel: grpc.Channel, request: v1.StreamCompleteRequest, timeout: float | None, owned: bool) -> None:
        self.receipt: v1.Receipt | None = None
        """What was really done; None until the answer is complete."""
        self._channel = channel
        self._owned = owned
        self._call = v1.ModelServiceStub(channel).StreamComplete(request, timeout=timeout)

    def __iter__(self) -> Iterator[str]:
        try:
            for response in self._call:
                if response.WhichOneof("event") == "block_delta" and response.block_delta.WhichOneof("delta") == "text":
                    yield response.block_delta.text
                elif response.HasField("finished"):
                    self.receipt = response.finished.receipt
        finally:
            self.close()

    def close(self) -> None:
        """Cancels the call if it has not ended."""
        self._call.cancel()
        if self._owned:
            self._channel.close()

    def __enter__(self) -> "AnswerStream":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def stream(
    prompt: str,
    *,
    model: str = "",
    agent_id: str = "",
    timeout: float | None = None,
    channel: grpc.Channel | None = None,
) -> AnswerStream:
    """Streams the text of the answer to a prompt; the arguments are those of `complete`. Iteration raises `grpc.RpcError`."""
    request = v1.StreamCompleteRequest(input=input_of(prompt, model, agent_id))
    return AnswerStream(connect() if channel is None else channel, request, timeout, owned=channel is None)
