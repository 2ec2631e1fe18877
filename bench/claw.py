#!/usr/bin/env python3
"""What one command costs: `claw models status --json` as a whole process, native, built, and OpenClaw from npm, on one folder.

bench/claw.py [--rounds N] [--install DIR] [--no-openclaw]. Rounds take turns; the table has medians. Needs `make native`, and
Node for OpenClaw. Exit code 1 when the native one is over its limit.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = ROOT / "artifacts/bin"
COMMAND = ["models", "status", "--json"]
LIMIT_MS = 60


def state_in(home: pathlib.Path) -> None:
    """A folder of OpenClaw with one key, so that all of them answer the same."""
    state = home / ".openclaw"
    agent = state / "agents/main/agent"
    agent.mkdir(parents=True)
    (state / "openclaw.json").write_text("{}\n")
    key = {"type": "api_key", "provider": "anthropic", "key": "sk-ant-api03-FAKE-key-of-the-benchmark-0001"}
    (agent / "auth-profiles.json").write_text(json.dumps({"version": 1, "profiles": {"anthropic:default": key}}))


def openclaw_in(folder: pathlib.Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    install = ROOT / "tests/openclaw/real/install.mjs"
    code = f"const m = await import({json.dumps(str(install))}); console.log(JSON.stringify(m.openclawIn(process.argv[1])))"
    made = subprocess.run(
        ["node", "--input-type=module", "-e", code, str(folder)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(made.stdout.splitlines()[-1])


def run(command: list[str], environment: dict[str, str], out: int) -> tuple[float, float, float]:
    """Wall and CPU milliseconds of the process and its children, and its resident megabytes."""
    start = time.monotonic()
    actions = [(os.POSIX_SPAWN_DUP2, out, 1)]
    _, status, used = os.wait4(os.posix_spawn(command[0], command, environment, file_actions=actions), 0)
    wall = time.monotonic() - start
    if status != 0:
        raise SystemExit(f"{' '.join(command)}: status {status}")
    return wall * 1000, (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024


def report(name: str, samples: list[tuple[float, float, float]]) -> tuple[float, float]:
    columns = list(zip(*samples))
    cells = (f"{statistics.median(c):.0f} ({min(c):.0f} to {max(c):.0f})" for c in columns)
    print(f"| {name} | {' | '.join(cells)} |")
    return statistics.median(columns[0]), statistics.median(columns[1])


def main() -> int:
    options = argparse.ArgumentParser(description="What one command of claw costs")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--install", type=pathlib.Path, help="folder for OpenClaw that is kept (default: a temporary one)")
    options.add_argument("--no-openclaw", action="store_true")
    given = options.parse_args()

    native = ROOT / "artifacts/programs/claw"
    if not native.exists():
        raise SystemExit(f"no {native}: make native")
    programs = {
        "claw, native": [str(native)],
        "claw, built": [str(BUILT / "ClawGrpc.Cli/release/claw")],
    }
    home = pathlib.Path(tempfile.mkdtemp(prefix="claw-bench-"))
    kept = {name: os.environ[name] for name in ("PATH", "DOTNET_ROOT", "LANG") if name in os.environ}
    environment = {**kept, "HOME": str(home), "NO_COLOR": "1", "DOTNET_EnableDiagnostics": "0"}
    server = None
    try:
        os.umask(0o077)
        state_in(home)
        if not given.no_openclaw:
            programs["OpenClaw 2026.2.6-3"] = openclaw_in(given.install or home / "npm")
        server = subprocess.Popen(
            [str(BUILT / "ClawGrpc.Server/release/clawgrpc")], env=environment, stdout=subprocess.PIPE, text=True
        )
        if "ready on" not in server.stdout.readline():
            raise SystemExit("the server did not start")
        samples = {name: [] for name in programs}
        with open(os.devnull, "w") as out:
            # The first run of each fills the caches of the disk.
            for number in range(given.rounds + 1):
                for name, command in programs.items():
                    sample = run([*command, *COMMAND], environment, out.fileno())
                    if number > 0:
                        samples[name].append(sample)
        what = f"claw {' '.join(COMMAND)}, the whole process"
        print(f"{what}: medians of {given.rounds}, lowest and highest; {os.cpu_count()} cores\n")
        print("| | wall, ms | CPU, ms | resident, MB |\n|---|--:|--:|--:|")
        results = {name: report(name, taken) for name, taken in samples.items()}
        kept_limit = max(results["claw, native"]) <= LIMIT_MS
        print(f"\nThe limit of the native one is {LIMIT_MS} ms, wall and CPU: {'kept' if kept_limit else 'missed'}.")
        return 0 if kept_limit else 1
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
