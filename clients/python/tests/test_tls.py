"""A token over TLS, against the real server and a sandboxed Anthropic."""

import os
import tempfile
import threading
import unittest
from pathlib import Path

import grpc

from certificates import sign
from clawgrpc import ErrorFacts, StatusWatch, connect, read_error, v1
from programs import LIMIT, Program

PROMPT = v1.CompletionInput(messages_json=b'{"messages":[{"role":"user","content":"Say hello."}]}')


class Tls(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="clawgrpc-")))
        sign(self.folder, "ca")
        sign(self.folder, "server", by="ca")
        sandbox = Program("sandbox", "--listen", "http://127.0.0.1:0", "--quiet", pattern=r"sandbox listening on (http:\S+)")
        self.addCleanup(sandbox.kill)
        server = Program(
            "clawgrpc",
            *("--state-dir", f"{self.folder}/state"),
            *("--listen", f"unix:{self.folder}/state/clawgrpc.sock", "--listen", "https://127.0.0.1:0"),
            *("--tls-cert", f"{self.folder}/server.pem", "--tls-key", f"{self.folder}/server.key"),
            pattern=r"clawgrpc ready on (unix:\S+), (https:\S+)$",
            environment={"ANTHROPIC_BASE_URL": sandbox.ready[1], "HOME": str(self.folder)},
        )
        self.addCleanup(server.kill)
        socket, self.endpoint = server.ready.groups()

        # The server's own user may do everything over the socket.
        local = self.enterContext(connect(socket, environment={}))
        self.access = v1.AccessServiceStub(local)
        self.auth = v1.AuthServiceStub(local)
        self.onboard("anthropic:first")
        client = v1.Client(name="ci", scopes=[v1.SCOPE_STATUS, v1.SCOPE_COMPLETE], agents=["main"])
        self.access.AddClient(v1.AddClientRequest(client=client), timeout=LIMIT)
        made = self.access.CreateToken(v1.CreateTokenRequest(client="ci"), timeout=LIMIT)
        self.secret, self.token_id = made.secret, made.token.token_id

    def onboard(self, profile_id: str) -> None:
        key = v1.ApiKeyCredential(key=f"sk-ant-api03-FAKE-{'0' * 80}")
        self.auth.Onboard(v1.OnboardRequest(profile_id=profile_id, api_key=key), timeout=LIMIT)

    def connect(self, **environment: str) -> grpc.Channel:
        environment["CLAWGRPC_CA_FILE"] = f"{self.folder}/ca.pem"
        return self.enterContext(connect(self.endpoint, environment=environment))

    def write_token(self, secret: str) -> str:
        (self.folder / "new").write_text(f"{secret}\n")
        os.replace(self.folder / "new", self.folder / "token")
        return f"{self.folder}/token"

    def test_token_of_a_file_or_variable_serves_every_kind_of_call(self) -> None:
        for environment in ({"CLAWGRPC_TOKEN_FILE": self.write_token(self.secret)}, {"CLAWGRPC_TOKEN": self.secret}):
            channel = self.connect(**environment)
            who = v1.AccessServiceStub(channel).WhoAmI(v1.WhoAmIRequest(), timeout=LIMIT)
            self.assertEqual((who.client.name, who.proof, who.shown), ("ci", "token", self.token_id))
            stream = v1.ModelServiceStub(channel).StreamComplete(v1.StreamCompleteRequest(input=PROMPT), timeout=LIMIT)
            answers = list(stream)
            self.assertEqual(answers[-1].finished.receipt.stop_reason, "end_turn")
            self.assertTrue("".join(answer.block_delta.text for answer in answers))

    def test_call_without_a_token_is_refused(self) -> None:
        with self.assertRaises(grpc.RpcError) as caught:
            v1.AccessServiceStub(self.connect()).WhoAmI(v1.WhoAmIRequest(), timeout=LIMIT)
        self.assertEqual(read_error(caught.exception).reason, "UNAUTHENTICATED")

    def test_token_is_not_shown_to_a_stranger_or_in_the_clear(self) -> None:
        environment = {"CLAWGRPC_TOKEN": self.secret}
        with connect(self.endpoint, environment=environment) as untrusting, self.assertRaises(grpc.RpcError) as caught:
            v1.AccessServiceStub(untrusting).WhoAmI(v1.WhoAmIRequest(), timeout=LIMIT)
        self.assertIs(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        with self.assertRaises(ValueError):
            connect(self.endpoint.replace("https://127.0.0.1", "http://claw.example"), environment=environment)

    def test_watch_goes_on_with_the_rotated_token_of_its_file(self) -> None:
        channel = self.connect(CLAWGRPC_TOKEN_FILE=self.write_token(self.secret))
        retries: list[ErrorFacts | None] = []
        begun, resumed, ended = threading.Event(), threading.Event(), threading.Event()
        failures: list[grpc.RpcError] = []

        def watch() -> None:
            try:
                for status in StatusWatch(channel, on_retry=lambda facts, _: retries.append(facts)):
                    begun.set()
                    if "anthropic:second" in [profile.profile_id for profile in status.auth.profiles]:
                        resumed.set()
            except grpc.RpcError as error:
                failures.append(error)
            ended.set()

        threading.Thread(target=watch, daemon=True).start()
        self.assertTrue(begun.wait(LIMIT))
        request = v1.RotateTokenRequest(token_id=self.token_id)
        request.grace.SetInParent()
        self.write_token(self.access.RotateToken(request, timeout=LIMIT).secret)
        self.onboard("anthropic:second")
        self.assertTrue(resumed.wait(LIMIT), f"{retries} {failures}")
        self.assertEqual(retries[0].reason, "CALLER_ENDED")

        # Without a new token in the file, it ends.
        self.access.RevokeToken(v1.RevokeTokenRequest(token_id=self.token_id), timeout=LIMIT)
        self.assertTrue(ended.wait(LIMIT))
        self.assertEqual(read_error(failures[0]).reason, "UNAUTHENTICATED")
