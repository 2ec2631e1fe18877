"""The types of the calls of the stubs in `clawgrpc.v1`, for type checkers: grpc has none of its own."""

from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from typing import Any, Protocol, TypeVar

Q = TypeVar("Q", contravariant=True)
R = TypeVar("R", covariant=True)


class Streamed(Iterator[R], Protocol[R]):
    """The responses of a call under way; also a `grpc.Call`."""

    def cancel(self) -> bool: ...
    def trailing_metadata(self) -> Any: ...


class Unary(Protocol[Q, R]):
    """A call with one response; also a `grpc.UnaryUnaryMultiCallable`."""

    def __call__(self, request: Q, timeout: float | None = None, metadata: Any = None, **options: Any) -> R: ...
    def with_call(
        self, request: Q, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> tuple[R, Any]: ...
    def future(self, request: Q, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any: ...


class Streaming(Protocol[Q, R]):
    """A call with a stream of responses; also a `grpc.UnaryStreamMultiCallable`."""

    def __call__(
        self, request: Q, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Streamed[R]: ...


class AsyncAnswered(Awaitable[R], Protocol[R]):
    """A call of asyncio under way; also a `grpc.aio.UnaryUnaryCall`."""

    def __await__(self) -> Generator[Any, None, R]: ...
    def cancel(self) -> bool: ...
    async def trailing_metadata(self) -> Any: ...


class AsyncStreamed(Protocol[R]):
    """The responses of a call of asyncio under way; also a `grpc.aio.UnaryStreamCall`."""

    def __aiter__(self) -> AsyncIterator[R]: ...
    async def read(self) -> Any: ...
    def cancel(self) -> bool: ...
    async def trailing_metadata(self) -> Any: ...


class AsyncUnary(Protocol[Q, R]):
    """A call of asyncio with one response; also a `grpc.aio.UnaryUnaryMultiCallable`."""

    def __call__(
        self, request: Q, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> AsyncAnswered[R]: ...


class AsyncStreaming(Protocol[Q, R]):
    """A call of asyncio with a stream of responses; also a `grpc.aio.UnaryStreamMultiCallable`."""

    def __call__(
        self, request: Q, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> AsyncStreamed[R]: ...
