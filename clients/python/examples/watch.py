"""Prints a line for each change of an agent's status, through restarts of the server: `python3 -m examples.watch [agent]`."""

import sys
from datetime import timedelta

import grpc

import clawgrpc
from clawgrpc import v1


def main() -> None:
    agent_id = sys.argv[1] if len(sys.argv) > 1 else ""
    with clawgrpc.connect() as channel, clawgrpc.StatusWatch(channel, agent_id, on_retry=tell) as watch:
        try:
            for status in watch:
                print(line_of(status), flush=True)
        except grpc.RpcError as error:
            sys.exit(str(clawgrpc.read_error(error)))
        except KeyboardInterrupt:
            sys.exit(130)


def line_of(status: v1.AgentStatus) -> str:
    unusable = [
        f"{profile.profile_id} {profile.kind}"
        + (f" until {profile.recover_time.ToJsonString()}" if profile.HasField("recover_time") else "")
        for profile in status.auth.unusable_profiles
    ]
    return (
        f"{status.agent_id} revision {status.revision}: {len(status.auth.profiles)} profiles, "
        f"{status.usage.completions} completions, unusable: {', '.join(unusable) or 'none'}"
    )


def tell(facts: clawgrpc.ErrorFacts | None, pause: timedelta) -> None:
    print(f"{facts or 'the stream ended'}; again in {pause.total_seconds():.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
