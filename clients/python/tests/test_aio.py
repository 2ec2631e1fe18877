"""What asyncio does otherwise than threads: interceptors for tokens, and the watch."""

import asyncio
import os
import tempfile
import unittest
from pathlib import Path

import grpc

from clawgrpc import TokenError, aio, read_error, v1
from scripted_server import ScriptedServer, status
from test_watch import error_info, failing, staying


class Asyncio(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {"CLAWGRPC_STATE_DIR": str(self.folder)}

    def write(self, content: str) -> str:
        (self.folder / "new").write_text(content)
        os.replace(self.folder / "new", self.folder / "token")
        return str(self.folder / "token")

    async def test_replaced_token_is_shown_by_every_kind_of_call(self) -> None:
        with ScriptedServer(staying(1), completion=lambda *_: v1.CompleteResponse(), port=True) as server:
            async with aio.connect(server.endpoint, token_file=self.write("first"), environment=self.environment) as channel:
                await aio.complete("Hello", channel=channel)
                self.write("second\n")
                async with aio.StatusWatch(channel) as watch:
                    async for now in watch:
                        self.assertEqual(now.revision, 1)
                        break
        self.assertEqual(server.authorizations, ["Bearer first", "Bearer second"])

    async def test_file_without_a_token_is_named_and_nothing_is_sent(self) -> None:
        gone = str(self.folder / "gone")
        with ScriptedServer(staying(1), completion=lambda *_: v1.CompleteResponse(), port=True) as server:
            async with aio.connect(server.endpoint, token_file=gone, environment=self.environment) as channel:
                with self.assertRaises(TokenError) as caught:
                    await aio.complete("Hello", channel=channel)
                with self.assertRaises(TokenError):
                    async for _ in aio.StatusWatch(channel):
                        pass
        self.assertIn(f"from {gone}: No such file or directory", read_error(caught.exception).message)
        self.assertEqual(server.authorizations, [])

    async def test_token_is_not_shown_in_the_clear_beyond_this_machine(self) -> None:
        with self.assertRaises(ValueError):
            aio.connect("http://claw.example:1", token="named", environment=self.environment)

    async def test_broken_watch_resumes_from_the_last_revision(self) -> None:
        known = []

        def noting(part):
            def watch(request, context):
                known.append(request.known_revision)
                yield from part(request, context)

            return watch

        script = (
            failing(grpc.StatusCode.UNAVAILABLE, error_info("STOPPING"), first=(status(7),)),
            lambda request, context: iter(()),
            failing(grpc.StatusCode.UNAUTHENTICATED, error_info("CALLER_ENDED")),
            staying(8),
        )
        retries, seen = [], []
        with ScriptedServer(*map(noting, script)) as server:
            async with aio.connect(server.endpoint) as channel:
                async with aio.StatusWatch(channel, known_revision=5, on_retry=lambda *retry: retries.append(retry)) as watch:
                    async for now in watch:
                        seen.append(now.revision)
                        if now.revision == 8:
                            break
        self.assertEqual((seen, known, len(retries)), ([7, 8], [5, 7, 7, 7], 3))
        self.assertEqual([facts and facts.reason for facts, _ in retries], ["STOPPING", None, "CALLER_ENDED"])

    async def test_permanent_error_ends_the_watch(self) -> None:
        with ScriptedServer(failing(grpc.StatusCode.NOT_FOUND, error_info("AGENT_NOT_FOUND"))) as server:
            async with aio.connect(server.endpoint) as channel:
                with self.assertRaises(grpc.RpcError) as caught:
                    async for _ in aio.StatusWatch(channel):
                        pass
        self.assertEqual(read_error(caught.exception).reason, "AGENT_NOT_FOUND")

    async def test_cancelled_task_ends_a_watch_that_waits_for_a_server(self) -> None:
        waiting = asyncio.Event()

        async def watch() -> None:
            async with aio.connect("unix:/no/such/socket") as channel:
                async for _ in aio.StatusWatch(channel, on_retry=lambda *_: waiting.set()):
                    pass

        task = asyncio.create_task(watch())
        await asyncio.wait_for(waiting.wait(), 30)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
