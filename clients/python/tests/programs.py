"""The programs of the repository's `bin`, and the examples of this package, as processes."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

CLIENT = Path(__file__).resolve().parents[1]
REPOSITORY = CLIENT.parents[1]
# In seconds; passing tests never wait for it.
LIMIT = 60


class Program:
    """A program that runs until it is killed. `ready` is the match in its ready line."""

    def __init__(self, name: str, *arguments: str, pattern: str, environment: dict[str, str] | None = None) -> None:
        command = [str(REPOSITORY / "bin" / name), *arguments]
        self._process = _start(command, environment or {}, stderr=subprocess.STDOUT)
        self.ready = self._until(pattern)
        # A full pipe would block the program.
        threading.Thread(target=self._process.stdout.read, daemon=True).start()

    def kill(self) -> None:
        """Kills it and waits for its end."""
        self._process.kill()
        self._process.wait(LIMIT)

    def _until(self, pattern: str) -> re.Match[str]:
        too_late = threading.Timer(LIMIT, self._process.kill)
        too_late.start()
        printed = []
        try:
            for line in self._process.stdout:
                printed.append(line)
                if match := re.match(pattern, line):
                    return match
        finally:
            too_late.cancel()
        raise AssertionError(f"{self._process.args} ended or was not ready in time; it printed:\n{''.join(printed)}")


def example(name: str, *arguments: str, endpoint: str, state: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Runs an example; it finds the token for a port in the state folder."""
    environment = {"CLAWGRPC_ENDPOINT": endpoint, "CLAWGRPC_STATE_DIR": state}
    process = _start([sys.executable, "-m", f"examples.{name}", *arguments], environment)
    try:
        printed, errors = process.communicate(stdin, LIMIT)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, printed, errors)


def interrupted_example(name: str, *, endpoint: str, state: str) -> tuple[str, int]:
    """Interrupts an example after its first line; returns the line and the exit code."""
    environment = {"CLAWGRPC_ENDPOINT": endpoint, "CLAWGRPC_STATE_DIR": state}
    process = _start([sys.executable, "-m", f"examples.{name}"], environment, stderr=subprocess.DEVNULL)
    too_late = threading.Timer(LIMIT, process.kill)
    too_late.start()
    try:
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate()
    finally:
        too_late.cancel()
    return line, process.returncode


def _start(command: list[str], environment: dict[str, str], stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    # Hide the developer's credentials and endpoint from the tests.
    inherited = {name: value for name, value in os.environ.items() if not re.match("(ANTHROPIC|CLAUDE|CLAWGRPC)_", name)}
    return subprocess.Popen(
        command,
        cwd=CLIENT,
        env={**inherited, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
