"""End-to-end tests against the real server and a sandboxed Anthropic, over the Unix socket and over TCP."""

import json
import os
import tempfile
import threading
import unittest
import unittest.mock
import urllib.request
from collections.abc import Callable
from pathlib import Path

import grpc

from clawgrpc import ErrorFacts, StatusWatch, connect, read_error, v1
from programs import LIMIT, Program, example, interrupted_example

KEYS = {f"anthropic:{name}": f"sk-ant-api03-FAKE-{name}-{'0' * 80}" for name in ("first", "second")}
PROMPT = v1.CompletionInput(
    messages=v1.MessagesRequest(
        messages=[v1.Message(role=v1.ROLE_USER, content=[v1.ContentBlock(text=v1.TextBlock(text="Say hello."))])]
    )
)


class Watcher:
    """Watches in a thread and records every status."""

    def __init__(self, endpoint: str) -> None:
        self._channel = connect(endpoint)
        self._watch = StatusWatch(self._channel, on_retry=lambda *_: self.interrupted.set())
        self.interrupted = threading.Event()
        self._seen: list[v1.AgentStatus] = []
        self._passed = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def until(self, holds: Callable[[v1.AgentStatus], bool]) -> v1.AgentStatus:
        """The next status for which `holds` is true."""
        found: list[v1.AgentStatus] = []

        def look() -> bool:
            while not found and self._passed < len(self._seen):
                if holds(self._seen[self._passed]):
                    found.append(self._seen[self._passed])
                self._passed += 1
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(look, LIMIT):
                raise AssertionError(f"no matching status; the last was:\n{self._seen[-1:]}")
        return found[0]

    def stop(self) -> list[int]:
        """Ends the watch; returns the revisions seen."""
        self._watch.stop()
        self._thread.join()
        self._channel.close()
        return [status.revision for status in self._seen]

    def _run(self) -> None:
        for status in self._watch:
            with self._changed:
                self._seen.append(status)
                self._changed.notify()


class Story(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="clawgrpc-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        # Where the clients find the token for the port.
        state_folder = unittest.mock.patch.dict(os.environ, CLAWGRPC_STATE_DIR=cls.folder)
        state_folder.start()
        cls.addClassCleanup(state_folder.stop)
        # The test waits for the end of a cooldown, so use the shorter ladder.
        Path(cls.folder, "clawgrpc.json").write_text('{ auth: { cooldowns: { preset: "openclaw-2026.9" } } }')
        cls.sandbox = Program(
            "sandbox", "--listen", "http://127.0.0.1:0", "--quiet", pattern=r"sandbox listening on (http:\S+)"
        )
        cls.addClassCleanup(cls.sandbox.kill)
        cls.start_server("0")
        cls.addClassCleanup(lambda: cls.server.kill())

    @classmethod
    def start_server(cls, port: str) -> None:
        cls.server = Program(
            "clawgrpc",
            *("--state-dir", cls.folder),
            *("--listen", f"unix:{cls.folder}/clawgrpc.sock"),
            *("--listen", f"http://127.0.0.1:{port}"),
            pattern=r"clawgrpc ready on (unix:\S+), (http:\S+)$",
            environment={"ANTHROPIC_BASE_URL": cls.sandbox.ready[1], "HOME": cls.folder},
        )
        cls.endpoints = cls.server.ready.groups()

    def channel(self, endpoint: str) -> grpc.Channel:
        return self.enterContext(connect(endpoint))

    def onboard(self, endpoint: str, keys: dict[str, str] = KEYS) -> None:
        auth = v1.AuthServiceStub(self.channel(endpoint))
        for profile_id, key in keys.items():
            request = v1.OnboardRequest(profile_id=profile_id, api_key=v1.ApiKeyCredential(key=key))
            self.assertEqual(auth.Onboard(request, timeout=LIMIT).profile_id, profile_id)

    def complete(self, endpoint: str) -> v1.CompleteResponse:
        return v1.ModelServiceStub(self.channel(endpoint)).Complete(v1.CompleteRequest(input=PROMPT), timeout=LIMIT)

    def facts_of(self, call: Callable[[], object]) -> ErrorFacts:
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return read_error(caught.exception)

    def test_invalid_key_is_rejected_with_its_field(self) -> None:
        for endpoint in self.endpoints:
            for key in ("", "sk-ant-api03-FAKE\nbroken"):
                facts = self.facts_of(lambda: self.onboard(endpoint, {"anthropic:bad": key}))
                self.assertIs(facts.code, grpc.StatusCode.INVALID_ARGUMENT)
                self.assertEqual(facts.reason, "INVALID_FIELD")
                self.assertEqual([violation.field for violation in facts.field_violations], ["api_key.key"])

    def test_port_takes_a_token_and_the_socket_none(self) -> None:
        with unittest.mock.patch.dict(os.environ, CLAWGRPC_STATE_DIR="/nonexistent"):
            self.assertEqual(self.facts_of(lambda: self.complete(self.endpoints[1])).reason, "UNAUTHENTICATED")
            stub = v1.AccessServiceStub(self.channel(self.endpoints[0]))
            self.assertEqual(stub.WhoAmI(v1.WhoAmIRequest(), timeout=LIMIT).proof, "unix")

    def test_unknown_agent_is_named_in_the_error(self) -> None:
        for endpoint in self.endpoints:
            channel = self.channel(endpoint)
            models = v1.ModelServiceStub(channel)
            for call in (
                lambda: models.GetStatus(v1.GetStatusRequest(agent_id="unknown"), timeout=LIMIT),
                lambda: next(iter(StatusWatch(channel, agent_id="unknown"))),
            ):
                facts = self.facts_of(call)
                self.assertIs(facts.code, grpc.StatusCode.NOT_FOUND)
                self.assertEqual(facts.reason, "AGENT_NOT_FOUND")
                self.assertEqual(facts.metadata["agent_id"], "unknown")

    def test_onboarded_keys_serve_completions_and_streams(self) -> None:
        for endpoint in self.endpoints:
            models = v1.ModelServiceStub(self.channel(endpoint))
            self.onboard(endpoint)
            status = models.GetStatus(v1.GetStatusRequest(), timeout=LIMIT).status
            profiles = {profile.profile_id: profile.type for profile in status.auth.profiles}
            self.assertTrue(profiles.items() >= dict.fromkeys(KEYS, v1.CREDENTIAL_TYPE_API_KEY).items(), f"{profiles}")

            answer = self.complete(endpoint)
            whole = "".join(block.text.text for block in answer.completion.content)
            self.assertTrue(whole)
            self.assertIn(answer.receipt.profile_id, profiles)

            answers = list(models.StreamComplete(v1.StreamCompleteRequest(input=PROMPT), timeout=LIMIT))
            events = [answer.WhichOneof("event") for answer in answers]
            self.assertEqual("".join(answer.block_delta.text for answer in answers), whole)
            self.assertEqual((events[0], events[-1]), ("started", "finished"))
            self.assertGreater(events.count("block_delta"), 1, "the text comes in pieces")

    def test_watchers_see_every_change_and_survive_a_restart(self) -> None:
        watchers = [Watcher(endpoint) for endpoint in self.endpoints]
        for watcher in watchers:
            self.addCleanup(watcher.stop)
        endpoint = self.endpoints[0]

        def all_until(holds: Callable[[v1.AgentStatus], bool]) -> list[v1.AgentStatus]:
            return [watcher.until(holds) for watcher in watchers]

        now, _ = all_until(lambda status: True)
        self.onboard(endpoint)
        all_until(lambda status: KEYS.keys() <= {profile.profile_id for profile in status.auth.profiles})

        self.complete(endpoint)
        all_until(lambda status: status.usage.completions > now.usage.completions)

        self.script({"status": {"code": 429, "headers": {"retry-after": "20"}}})
        receipt = self.complete(endpoint).receipt
        limited = receipt.attempts[0].profile_id
        self.assertNotEqual(receipt.profile_id, limited, "another profile serves")
        for status in all_until(lambda status: limited in cooling(status)):
            self.assertEqual(cooling(status)[limited].reason, "rate_limit")
            self.assertTrue(cooling(status)[limited].HasField("recover_time"))

        # The server writes health within a second, but at once with a change of the order.
        auth = v1.AuthServiceStub(self.channel(endpoint))
        auth.ClearProfileOrder(v1.ClearProfileOrderRequest(provider="anthropic"), timeout=LIMIT)
        self.server.kill()
        for watcher in watchers:
            self.assertTrue(watcher.interrupted.wait(LIMIT))
        self.start_server(port=self.endpoints[1].rpartition(":")[2])
        self.onboard(endpoint, {"anthropic:third": KEYS["anthropic:first"]})
        for status in all_until(lambda status: "anthropic:third" in [profile.profile_id for profile in status.auth.profiles]):
            self.assertIn(limited, cooling(status), "the cooldown still stands after the restart")

        # The cooldown ends by itself, without a call.
        all_until(lambda status: limited not in cooling(status))

        for watcher in watchers:
            revisions = watcher.stop()
            self.assertEqual(revisions, sorted(revisions))
            self.assertGreater(revisions[-1], revisions[0])

    def test_examples_work(self) -> None:
        for endpoint in self.endpoints:
            key = KEYS["anthropic:second"] + "\n"
            onboarded = example("onboard", "anthropic:example", endpoint=endpoint, state=self.folder, stdin=key)
            self.assertEqual((onboarded.returncode, onboarded.stdout), (0, "anthropic:example of agent main\n"), onboarded)
            completed = example("complete", "Say hello.", endpoint=endpoint, state=self.folder)
            self.assertEqual(completed.returncode, 0, completed)
            streamed = example("stream", "Say hello.", endpoint=endpoint, state=self.folder)
            self.assertEqual((streamed.returncode, streamed.stdout), (0, completed.stdout), streamed)
            line, code = interrupted_example("watch", endpoint=endpoint, state=self.folder)
            self.assertRegex(line, r"^main revision \d+: \d+ profiles, ")
            self.assertEqual(code, 130)
            refused = example("watch", "unknown", endpoint=endpoint, state=self.folder)
            self.assertEqual(refused.returncode, 1)
            self.assertTrue(refused.stderr.startswith("NOT_FOUND AGENT_NOT_FOUND: "), refused)

    def script(self, fault: dict[str, object]) -> None:
        """Makes the sandbox answer the next completion with this fault."""
        url = f"{self.sandbox.ready[1]}/_sandbox/faults"
        # Without the HTTP proxy of the environment.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(urllib.request.Request(url, json.dumps([fault]).encode(), method="POST"), timeout=LIMIT).close()


def cooling(status: v1.AgentStatus) -> dict[str, v1.UnusableProfile]:
    return {profile.profile_id: profile for profile in status.auth.unusable_profiles if profile.kind == "cooldown"}
