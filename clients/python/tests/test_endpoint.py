import tempfile
import unittest
from pathlib import Path

from clawgrpc import connect, grpc_target, resolve_endpoint


class Endpoints(unittest.TestCase):
    def test_explicit_endpoint_wins_over_the_environment(self) -> None:
        environment = {"CLAWGRPC_ENDPOINT": "unix:/b", "CLAWGRPC_STATE_DIR": "/c"}
        self.assertEqual(resolve_endpoint("unix:/a", environment), "unix:/a")
        self.assertEqual(resolve_endpoint("", environment), "unix:/b")

    def test_default_is_the_socket_in_the_state_folder(self) -> None:
        environment = {"CLAWGRPC_ENDPOINT": "", "CLAWGRPC_STATE_DIR": "/c"}
        self.assertEqual(resolve_endpoint("", environment), "unix:/c/clawgrpc.sock")

    def test_state_folder_is_the_servers(self) -> None:
        with tempfile.TemporaryDirectory() as home:
            environment = {"HOME": home, "CLAWGRPC_STATE_DIR": ""}
            self.assertEqual(resolve_endpoint("", environment), f"unix:{home}/.clawgrpc/clawgrpc.sock")
            (Path(home) / ".moltbot").mkdir()
            self.assertEqual(resolve_endpoint("", environment), f"unix:{home}/.moltbot/clawgrpc.sock")
            (Path(home) / ".openclaw").mkdir()
            self.assertEqual(resolve_endpoint("", environment), f"unix:{home}/.openclaw/clawgrpc.sock")
            environment["CLAWDBOT_STATE_DIR"] = "~/elsewhere"
            self.assertEqual(resolve_endpoint("", environment), f"unix:{home}/elsewhere/clawgrpc.sock")

    def test_every_kind_of_endpoint_is_accepted(self) -> None:
        for endpoint, target in (
            ("unix:/a", "unix:/a"),
            ("unix:///a", "unix:/a"),
            ("unix:a", "unix:a"),
            ("unix:/a b%", "unix:/a%20b%25"),
            ("http://127.0.0.1:7700", "127.0.0.1:7700"),
            ("http://[::1]:7700/", "[::1]:7700"),
            ("https://claw.example:7700", "claw.example:7700"),
            ("https://claw.example/", "claw.example:443"),
        ):
            self.assertEqual(grpc_target(endpoint), target)

    def test_invalid_endpoint_is_named_in_the_error(self) -> None:
        for endpoint in (
            "unix:",
            "https://",
            "https://claw.example/path",
            "http://127.0.0.1",
            "http://127.0.0.1:7700/path",
            "http://user@h:1",
            "http://h:x",
            "http://[",
            "127.0.0.1:7700",
        ):
            with self.assertRaises(ValueError) as caught:
                connect(endpoint)
            self.assertEqual(
                str(caught.exception),
                f'endpoint "{endpoint}" is neither unix:PATH nor http://HOST:PORT nor https://HOST',
            )
