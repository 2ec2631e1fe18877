"""Completions in one line, with threads and with asyncio."""

import asyncio
import threading
import unittest
from collections.abc import Iterator

import grpc

import clawgrpc
from clawgrpc import aio, connect, read_error, v1
from rich_status import error_info, fail
from scripted_server import ScriptedServer, until_cancelled


def completion(request: v1.CompleteRequest, _: grpc.ServicerContext) -> v1.CompleteResponse:
    blocks = [v1.ContentBlock(text=v1.TextBlock(text="Hello")), v1.ContentBlock(thinking=v1.ThinkingBlock(thinking="hm"))]
    blocks.append(v1.ContentBlock(text=v1.TextBlock(text=f", {request.input.messages.messages[0].content[0].text.text}")))
    receipt = v1.Receipt(model=request.input.model, agent_id=request.input.agent_id)
    return v1.CompleteResponse(completion=v1.Completion(content=blocks), receipt=receipt)


def pieces(_: v1.StreamCompleteRequest, __: grpc.ServicerContext) -> Iterator[v1.StreamCompleteResponse]:
    yield v1.StreamCompleteResponse(started=v1.CompletionStarted(model="m"))
    yield v1.StreamCompleteResponse(block_delta=v1.ContentBlockDelta(text="one "))
    yield v1.StreamCompleteResponse(block_delta=v1.ContentBlockDelta(thinking="hm"))
    yield v1.StreamCompleteResponse(block_delta=v1.ContentBlockDelta(text="two"))
    yield v1.StreamCompleteResponse(finished=v1.CompletionFinished(receipt=v1.Receipt(stop_reason="end_turn")))


class Prompting(unittest.TestCase):
    def test_answer_has_text_and_receipt(self) -> None:
        with ScriptedServer(completion=completion) as server, connect(server.endpoint) as channel:
            answer = clawgrpc.complete("Ada", model="haiku", agent_id="other", channel=channel)
        self.assertEqual((str(answer), answer.receipt.model, answer.receipt.agent_id), ("Hello, Ada", "haiku", "other"))

        async def main() -> clawgrpc.Answer:
            async with aio.connect(server.endpoint) as channel:
                return await aio.complete("Ada", model="haiku", agent_id="other", channel=channel)

        with ScriptedServer(completion=completion) as server:
            self.assertEqual(asyncio.run(main()), answer)

    def test_stream_yields_text_and_keeps_the_receipt(self) -> None:
        with ScriptedServer(streamed=pieces) as server, connect(server.endpoint) as channel:
            stream = clawgrpc.stream("Count.", channel=channel)
            self.assertIsNone(stream.receipt)
            self.assertEqual(list(stream), ["one ", "two"])
            self.assertEqual(stream.receipt.stop_reason, "end_turn")

        async def main() -> tuple[list[str], str]:
            async with aio.connect(server.endpoint) as channel:
                stream = aio.stream("Count.", channel=channel)
                return [piece async for piece in stream], stream.receipt.stop_reason

        with ScriptedServer(streamed=pieces) as server:
            self.assertEqual(asyncio.run(main()), (["one ", "two"], "end_turn"))

    def test_leaving_a_stream_cancels_the_call(self) -> None:
        left = threading.Event()

        def endless(_: v1.StreamCompleteRequest, context: grpc.ServicerContext) -> Iterator[v1.StreamCompleteResponse]:
            context.add_callback(left.set)
            yield v1.StreamCompleteResponse(block_delta=v1.ContentBlockDelta(text="one "))
            until_cancelled(context)

        with ScriptedServer(streamed=endless) as server, connect(server.endpoint) as channel:
            with clawgrpc.stream("Count.", channel=channel) as stream:
                self.assertEqual(next(iter(stream)), "one ")
            self.assertTrue(left.wait(30))

        async def main() -> None:
            async with aio.connect(server.endpoint) as channel, aio.stream("Count.", channel=channel) as stream:
                async for piece in stream:
                    break

        left.clear()
        with ScriptedServer(streamed=endless) as server:
            asyncio.run(main())
            self.assertTrue(left.wait(30))

    def test_error_is_read_whatever_raised_it(self) -> None:
        def limited(_: v1.StreamCompleteRequest, context: grpc.ServicerContext) -> Iterator[v1.StreamCompleteResponse]:
            fail(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "Later.", error_info("RATE_LIMITED", http_status="429"))
            yield v1.StreamCompleteResponse()

        async def main() -> None:
            async with aio.connect(server.endpoint) as channel:
                async for _ in aio.stream("Count.", channel=channel):
                    pass

        with ScriptedServer(streamed=limited) as server, connect(server.endpoint) as channel:
            with self.assertRaises(grpc.RpcError) as of_thread:
                list(clawgrpc.stream("Count.", channel=channel))
            with self.assertRaises(grpc.RpcError) as of_asyncio:
                asyncio.run(main())
        facts = read_error(of_asyncio.exception)
        self.assertEqual(facts, read_error(of_thread.exception))
        self.assertEqual((facts.reason, facts.metadata), ("RATE_LIMITED", {"http_status": "429"}))
