"""Onboards an API key from ANTHROPIC_API_KEY or standard input: `python3 -m examples.onboard [profile] [agent]`.

The key is not an argument, because every user of the machine can read arguments.
"""

import getpass
import os
import sys

import grpc

import clawgrpc
from clawgrpc import v1


def main() -> None:
    request = v1.OnboardRequest(
        profile_id=sys.argv[1] if len(sys.argv) > 1 else "",
        agent_id=sys.argv[2] if len(sys.argv) > 2 else "",
        api_key=v1.ApiKeyCredential(key=read_key()),
    )
    with clawgrpc.connect() as channel:
        try:
            answer = v1.AuthServiceStub(channel).Onboard(request, timeout=30)
        except grpc.RpcError as error:
            sys.exit(str(clawgrpc.read_error(error)))
    print(f"{answer.profile_id} of agent {answer.agent_id}")
    for notice in answer.notices:
        print(notice, file=sys.stderr)


def read_key() -> str:
    if key := os.environ.get("ANTHROPIC_API_KEY"):
        return key
    return getpass.getpass("API key: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


if __name__ == "__main__":
    main()
