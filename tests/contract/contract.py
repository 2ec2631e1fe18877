"""The contract with threads. Prints a line for each case; what it needs done meanwhile it asks the driver for."""

import os
import threading

import grpc

import clawgrpc
from clawgrpc import v1

URL, CA, OTHER_CA, TOKEN_FILE = (os.environ[f"CONTRACT_{name}"] for name in ("URL", "CA", "OTHER_CA", "TOKEN_FILE"))
LIMIT = 60


def ask(what: str) -> None:
    print("ask", what, flush=True)
    if (answer := input()) != "done":
        raise AssertionError(f"{what}: {answer}")


def holds(value: object, why: str) -> None:
    if not value:
        raise AssertionError(why)


def failure(call) -> clawgrpc.ErrorFacts:
    try:
        call()
    except grpc.RpcError as error:
        return clawgrpc.read_error(error)
    raise AssertionError("the call did not fail")


def unary() -> None:
    answer = clawgrpc.complete("Say hello.")
    holds(answer.text.startswith("You said “Say hello.”"), answer.text)
    holds(answer.receipt.profile_id == "anthropic:default", answer.receipt.profile_id)


def stream() -> None:
    answer = clawgrpc.stream("Say hello.")
    pieces = list(answer)
    holds(len(pieces) > 1, f"{len(pieces)} pieces")
    holds("".join(pieces) == clawgrpc.complete("Say hello.").text, "another text than that of the whole answer")
    holds(answer.receipt.stop_reason == "end_turn", answer.receipt)


def cancel() -> None:
    ask("fault stalled")
    with clawgrpc.stream("Say hello.") as answer:
        holds(next(iter(answer)), "no piece")
    ask("left")


def deadline() -> None:
    ask("fault silent")
    facts = failure(lambda: clawgrpc.complete("Say hello.", timeout=1))
    holds(facts.code is grpc.StatusCode.DEADLINE_EXCEEDED, facts)
    ask("left")


def error() -> None:
    facts = failure(lambda: clawgrpc.complete("Say hello.", agent_id="nope"))
    holds(facts.code is grpc.StatusCode.NOT_FOUND and facts.reason == "AGENT_NOT_FOUND", facts)
    holds(facts.metadata["agent_id"] == "nope", facts.metadata)
    with clawgrpc.connect() as channel:
        request = v1.OnboardRequest(api_key=v1.ApiKeyCredential(key=""))
        facts = failure(lambda: v1.AuthServiceStub(channel).Onboard(request))
    holds(facts.code is grpc.StatusCode.INVALID_ARGUMENT and facts.reason == "INVALID_FIELD", facts)
    holds([violation.field for violation in facts.field_violations] == ["api_key.key"], facts.field_violations)


def receipt() -> None:
    ask("fault limited")
    facts = failure(lambda: clawgrpc.complete("Say hello."))
    ask("reset")
    holds(facts.code is grpc.StatusCode.RESOURCE_EXHAUSTED and facts.reason == "RATE_LIMITED", facts)
    holds(facts.metadata["http_status"] == "429", facts.metadata)
    holds(facts.retry_delay is not None and 0 < facts.retry_delay.total_seconds() < 3600, facts.retry_delay)
    holds(facts.receipt.attempts[0].http_status == 429, facts.receipt)


def watch() -> None:
    profile = "anthropic:watched-python"
    begun, seen, retried = threading.Event(), threading.Event(), threading.Event()

    def follow() -> None:
        revision = 0
        with clawgrpc.connect() as channel:
            for status in clawgrpc.StatusWatch(channel, on_retry=lambda *_: retried.set()):
                holds(status.revision > revision, "an older revision")
                revision = status.revision
                begun.set()
                if profile in [each.profile_id for each in status.auth.profiles]:
                    seen.set()
                    return

    threading.Thread(target=follow, daemon=True).start()
    holds(begun.wait(LIMIT), "no status")
    ask("restart")
    ask(f"onboard {profile}")
    holds(seen.wait(LIMIT), "the change after the restart was not seen")
    holds(retried.is_set(), "the watch was not interrupted")


def large() -> None:
    ask("fault large")
    answer = clawgrpc.complete("x" * 5_000_000)
    holds(len(answer.text) > 5_000_000, f"{len(answer.text)} characters")


def socket() -> None:
    with clawgrpc.connect() as channel:
        who = v1.AccessServiceStub(channel).WhoAmI(v1.WhoAmIRequest())
    holds(who.proof == "unix", who)


def tls() -> None:
    with clawgrpc.connect(URL, ca_file=CA, token_file=TOKEN_FILE) as channel:
        holds(clawgrpc.complete("Say hello.", channel=channel).text, "no text")
    with clawgrpc.connect(URL, ca_file=OTHER_CA, token_file=TOKEN_FILE) as channel:
        facts = failure(lambda: clawgrpc.complete("Say hello.", channel=channel, timeout=LIMIT))
    holds(facts.code is grpc.StatusCode.UNAVAILABLE, facts)


def token() -> None:
    with clawgrpc.connect(URL, ca_file=CA, token_file=TOKEN_FILE) as channel:
        who = v1.AccessServiceStub(channel).WhoAmI(v1.WhoAmIRequest())
    holds((who.client.name, who.proof) == ("contract", "token"), who)
    with clawgrpc.connect(URL, ca_file=CA) as channel:
        facts = failure(lambda: v1.AccessServiceStub(channel).WhoAmI(v1.WhoAmIRequest()))
    holds(facts.reason == "UNAUTHENTICATED", facts)


for case in (unary, stream, cancel, deadline, error, receipt, watch, large, socket, tls, token):
    try:
        case()
        print("ok", case.__name__, flush=True)
    except Exception as problem:  # Whatever it is, the next case is run.
        print(f"fail {case.__name__}:", " ".join(repr(problem).split())[:600], flush=True)
