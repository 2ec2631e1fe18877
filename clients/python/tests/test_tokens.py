"""Where the client finds a token, to whom it shows it, and TLS with a CA of one's own."""

import os
import tempfile
import unittest
from pathlib import Path

import grpc

from certificates import sign
from clawgrpc import StatusWatch, TokenError, connect, read_error, v1
from scripted_server import ScriptedServer

SECRET = "claw_FAKE_of_the_test"


def call(channel: grpc.Channel) -> None:
    v1.ModelServiceStub(channel).Complete(v1.CompleteRequest(), timeout=30)


class WithServer(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {"CLAWGRPC_STATE_DIR": str(self.folder)}

    def server(self, port: grpc.ServerCredentials | bool = True) -> ScriptedServer:
        return self.enterContext(ScriptedServer(completion=lambda *_: v1.CompleteResponse(), port=port))

    def write(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content)
        return str(path)

    def shown(self, server: ScriptedServer, **arguments: str) -> object:
        with connect(server.endpoint, environment=self.environment, **arguments) as channel:
            call(channel)
        return server.authorizations[-1]


class Tokens(WithServer):
    def test_argument_counts_before_file_before_variable_before_admin_token(self) -> None:
        server = self.server()
        self.assertIsNone(self.shown(server))
        self.write("admin-token", "of-the-operator\n")
        self.assertEqual(self.shown(server), "Bearer of-the-operator")
        self.environment["CLAWGRPC_TOKEN"] = " of-the-variable "
        self.assertEqual(self.shown(server), "Bearer of-the-variable")
        self.environment["CLAWGRPC_TOKEN_FILE"] = self.write("file", "of-the-file\r\n")
        self.assertEqual(self.shown(server), "Bearer of-the-file")
        self.assertEqual(self.shown(server, token="of-the-argument"), "Bearer of-the-argument")
        other = self.write("other", "of-the-other-file")
        self.assertEqual(self.shown(server, token="of-the-argument", token_file=other), "Bearer of-the-other-file")

    def test_replaced_file_is_taken_up_by_an_open_channel(self) -> None:
        server = self.server()
        path = self.write("file", "first")
        with connect(server.endpoint, environment=self.environment, token_file=path) as channel:
            call(channel)
            os.replace(self.write("new", "second"), path)
            call(channel)
        self.assertEqual(server.authorizations, ["Bearer first", "Bearer second"])

    def test_admin_token_does_not_go_over_the_socket(self) -> None:
        server = self.server(port=False)
        self.write("admin-token", SECRET)
        self.assertIsNone(self.shown(server))
        self.assertEqual(self.shown(server, token="named"), "Bearer named")

    def test_token_is_not_shown_in_the_clear_beyond_this_machine(self) -> None:
        self.write("admin-token", SECRET)
        for endpoint in ("http://10.0.0.1:1", "http://claw.example:1", "http://127.0.0.1.example:1"):
            with connect(endpoint, environment=self.environment):
                pass
            with self.assertRaises(ValueError) as caught:
                connect(endpoint, environment={**self.environment, "CLAWGRPC_TOKEN": SECRET})
            self.assertEqual(
                str(caught.exception),
                f"refused to show the token of CLAWGRPC_TOKEN to {endpoint}: without TLS everybody on the way could read it; "
                f"call https{endpoint[4:]}, or call without a token",
            )

    def test_file_without_a_token_is_named_and_nothing_is_sent(self) -> None:
        server = self.server()
        for path, why in (
            (str(self.folder / "gone"), "No such file or directory"),
            (self.write("empty", " \n"), "it is empty, or more than one line of ASCII"),
            (self.write("lines", f"{SECRET}\n{SECRET}"), "it is empty, or more than one line of ASCII"),
            (self.write("text", f"{SECRET}ü"), "it is no text"),
        ):
            with connect(server.endpoint, environment=self.environment, token_file=path) as channel:
                with self.assertRaises(TokenError) as caught:
                    call(channel)
                with self.assertRaises(TokenError):
                    list(StatusWatch(channel))
            facts = read_error(caught.exception)
            self.assertIs(facts.code, grpc.StatusCode.UNAUTHENTICATED)
            self.assertEqual(facts.message, f"there is no token to be had from {path}: {why}")
        self.assertEqual(server.authorizations, [])


class Tls(WithServer):
    def setUp(self) -> None:
        super().setUp()
        self.environment["CLAWGRPC_CA_FILE"] = self.sign("ca")
        self.environment["CLAWGRPC_TOKEN"] = "named"

    def sign(self, name: str, by: str = "") -> str:
        return sign(self.folder, name, by)

    def credentials(self, client_ca: bool) -> grpc.ServerCredentials:
        certificate = Path(self.sign("server", by="ca"))
        pair = (certificate.with_suffix(".key").read_bytes(), certificate.read_bytes())
        return grpc.ssl_server_credentials([pair], (self.folder / "ca.pem").read_bytes() if client_ca else None, client_ca)

    def test_token_is_shown_to_a_server_of_the_own_CA_only(self) -> None:
        server = self.server(self.credentials(client_ca=False))
        self.assertEqual(self.shown(server), "Bearer named")
        other = self.sign("other")
        with self.assertRaises(grpc.RpcError) as caught:
            self.shown(server, ca_file=other)
        self.assertIs(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(len(server.authorizations), 1)

    def test_client_certificate_is_shown(self) -> None:
        server = self.server(self.credentials(client_ca=True))
        with self.assertRaises(grpc.RpcError):
            self.shown(server)
        certificate = self.sign("own", by="ca")
        with self.assertRaises(ValueError) as caught:
            self.shown(server, cert_file=certificate)
        self.assertIn("its key (CLAWGRPC_KEY_FILE)", str(caught.exception))
        self.environment["CLAWGRPC_KEY_FILE"] = certificate.replace(".pem", ".key")
        self.assertEqual(self.shown(server, cert_file=certificate), "Bearer named")
