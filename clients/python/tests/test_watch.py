import threading
import unittest
from collections.abc import Iterator
from datetime import timedelta

import grpc

from clawgrpc import StatusWatch, connect, v1
from clawgrpc.watch import back_off
from rich_status import error_info, fail
from scripted_server import ScriptedServer, Watch, status, until_cancelled


def failing(code: grpc.StatusCode, *details: bytes, first: tuple[v1.WatchStatusResponse, ...] = ()) -> Watch:
    def watch(_: v1.WatchStatusRequest, context: grpc.ServicerContext) -> Iterator[v1.WatchStatusResponse]:
        yield from first
        fail(context, code, "The script says so.", *details)

    return watch


def staying(revision: int) -> Watch:
    def watch(_: v1.WatchStatusRequest, context: grpc.ServicerContext) -> Iterator[v1.WatchStatusResponse]:
        yield status(revision)
        until_cancelled(context)

    return watch


class Watching(unittest.TestCase):
    def test_broken_watch_resumes_from_the_last_revision(self) -> None:
        known = []

        def noting(part: Watch) -> Watch:
            def watch(request: v1.WatchStatusRequest, context: grpc.ServicerContext) -> Iterator[v1.WatchStatusResponse]:
                known.append(request.known_revision)
                yield from part(request, context)

            return watch

        script = (
            failing(grpc.StatusCode.UNAVAILABLE, error_info("STOPPING"), first=(status(7),)),
            failing(grpc.StatusCode.CANCELLED),
            # Ends without an error, as behind a proxy.
            lambda request, context: iter(()),
            staying(8),
        )
        with ScriptedServer(*map(noting, script)) as server, connect(server.endpoint) as channel:
            seen = []
            with StatusWatch(channel, known_revision=5) as watch:
                for now in watch:
                    seen.append(now.revision)
                    if now.revision == 8:
                        break
        self.assertEqual(seen, [7, 8])
        self.assertEqual(known, [5, 7, 7, 7])
        self.assertEqual(watch.known_revision, 8)

    def test_permanent_error_ends_the_watch(self) -> None:
        for code, details in (
            (grpc.StatusCode.NOT_FOUND, [error_info("AGENT_NOT_FOUND")]),
            (grpc.StatusCode.INTERNAL, [error_info("INTERNAL")]),
            (grpc.StatusCode.UNIMPLEMENTED, []),
        ):
            retries = []
            with ScriptedServer(failing(code, *details)) as server, connect(server.endpoint) as channel:
                watch = StatusWatch(channel, on_retry=lambda *retry: retries.append(retry))
                with self.assertRaises(grpc.RpcError) as caught:
                    next(iter(watch))
            self.assertIs(caught.exception.code(), code)
            self.assertEqual(retries, [])

    def test_watch_whose_token_ended_goes_on_with_the_next_one(self) -> None:
        ended = failing(grpc.StatusCode.UNAUTHENTICATED, error_info("CALLER_ENDED"))
        began = failing(grpc.StatusCode.UNAUTHENTICATED, error_info("CALLER_ENDED"), first=(status(1),))
        with ScriptedServer(began, ended, ended, staying(2)) as server, connect(server.endpoint) as channel:
            with StatusWatch(channel) as watch:
                statuses = iter(watch)
                self.assertEqual([next(statuses).revision, next(statuses).revision], [1, 2])

    def test_watch_whose_token_is_not_replaced_ends(self) -> None:
        ended = failing(grpc.StatusCode.UNAUTHENTICATED, error_info("CALLER_ENDED"))
        began = failing(grpc.StatusCode.UNAUTHENTICATED, error_info("CALLER_ENDED"), first=(status(1),))
        for script, tries in (((began, ended), 6), ((ended,), 0)):
            retries = []
            with ScriptedServer(*script) as server, connect(server.endpoint) as channel:
                with self.assertRaises(grpc.RpcError) as caught:
                    list(StatusWatch(channel, on_retry=lambda *retry: retries.append(retry)))
            self.assertIs(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
            self.assertEqual(len(retries), tries)

    def test_only_a_message_resets_the_delay(self) -> None:
        unavailable = failing(grpc.StatusCode.UNAVAILABLE)
        heartbeat_first = failing(grpc.StatusCode.UNAVAILABLE, first=(v1.WatchStatusResponse(revision=1),))
        script = (unavailable, unavailable, unavailable, heartbeat_first, unavailable)
        pauses = []
        with ScriptedServer(*script) as server, connect(server.endpoint) as channel:

            def note(_: object, pause: timedelta) -> None:
                pauses.append(pause)
                if len(pauses) == 5:
                    watch.stop()

            watch = StatusWatch(channel, on_retry=note)
            self.assertEqual(list(watch), [])
        for pause, failures in zip(pauses, (1, 2, 3, 1, 2), strict=True):
            self.assertTrue(back_off(failures, 1) <= pause <= back_off(failures, 0), f"{pauses}")

    def test_delay_doubles_to_five_seconds_minus_jitter(self) -> None:
        whole = [back_off(failures, 0).total_seconds() for failures in (1, 2, 3, 6, 7, 10_000)]
        self.assertEqual(whole, [0.1, 0.2, 0.4, 3.2, 5, 5])
        half = [back_off(failures, 1).total_seconds() for failures in (1, 10_000)]
        self.assertEqual(half, [0.05, 2.5])

    def test_leaving_the_watch_cancels_the_call(self) -> None:
        ended = threading.Event()

        def telling(request: v1.WatchStatusRequest, context: grpc.ServicerContext) -> Iterator[v1.WatchStatusResponse]:
            context.add_callback(ended.set)
            yield from staying(1)(request, context)

        with ScriptedServer(telling) as server, connect(server.endpoint) as channel:
            with StatusWatch(channel) as watch:
                self.assertEqual(next(iter(watch)).revision, 1)
            self.assertTrue(ended.wait(30))

    def test_stop_ends_an_idle_watch(self) -> None:
        with ScriptedServer(staying(1)) as server, connect(server.endpoint) as channel:
            watch = StatusWatch(channel)
            statuses = iter(watch)
            self.assertEqual(next(statuses).revision, 1)
            threading.Thread(target=watch.stop).start()
            self.assertIsNone(next(statuses, None))
            self.assertEqual(list(watch), [], "a stopped watch stays stopped")

    def test_stop_ends_a_watch_that_waits_for_a_server(self) -> None:
        with connect("unix:/no/such/socket") as channel:
            watch = StatusWatch(channel, on_retry=lambda *_: threading.Thread(target=watch.stop).start())
            self.assertEqual(list(watch), [])
