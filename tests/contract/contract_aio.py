"""The contract with asyncio. Prints a line for each case; what it needs done meanwhile it asks the driver for."""

import asyncio
import os

import grpc

import clawgrpc
from clawgrpc import aio, v1

URL, CA, OTHER_CA, TOKEN_FILE = (os.environ[f"CONTRACT_{name}"] for name in ("URL", "CA", "OTHER_CA", "TOKEN_FILE"))
LIMIT = 60


async def ask(what: str) -> None:
    print("ask", what, flush=True)
    if (answer := await asyncio.to_thread(input)) != "done":
        raise AssertionError(f"{what}: {answer}")


def holds(value: object, why: object) -> None:
    if not value:
        raise AssertionError(why)


async def failure(call) -> clawgrpc.ErrorFacts:
    try:
        await call
    except grpc.RpcError as error:
        return clawgrpc.read_error(error)
    raise AssertionError("the call did not fail")


async def unary() -> None:
    answer = await aio.complete("Say hello.")
    holds(answer.text.startswith("You said “Say hello.”"), answer.text)
    holds(answer.receipt.profile_id == "anthropic:default", answer.receipt.profile_id)


async def stream() -> None:
    answer = aio.stream("Say hello.")
    pieces = [piece async for piece in answer]
    holds(len(pieces) > 1, f"{len(pieces)} pieces")
    holds("".join(pieces) == (await aio.complete("Say hello.")).text, "another text than that of the whole answer")
    holds(answer.receipt.stop_reason == "end_turn", answer.receipt)


async def cancel() -> None:
    await ask("fault stalled")
    async with aio.stream("Say hello.") as answer:
        async for piece in answer:
            holds(piece, "no piece")
            break
    await ask("left")


async def deadline() -> None:
    await ask("fault silent")
    facts = await failure(aio.complete("Say hello.", timeout=1))
    holds(facts.code is grpc.StatusCode.DEADLINE_EXCEEDED, facts)
    await ask("left")


async def error() -> None:
    facts = await failure(aio.complete("Say hello.", agent_id="nope"))
    holds(facts.code is grpc.StatusCode.NOT_FOUND and facts.reason == "AGENT_NOT_FOUND", facts)
    holds(facts.metadata["agent_id"] == "nope", facts.metadata)
    async with aio.connect() as channel:
        request = v1.OnboardRequest(api_key=v1.ApiKeyCredential(key=""))
        facts = await failure(v1.AuthServiceAsyncStub(channel).Onboard(request))
    holds(facts.code is grpc.StatusCode.INVALID_ARGUMENT and facts.reason == "INVALID_FIELD", facts)
    holds([violation.field for violation in facts.field_violations] == ["api_key.key"], facts.field_violations)


async def receipt() -> None:
    await ask("fault limited")
    facts = await failure(aio.complete("Say hello."))
    await ask("reset")
    holds(facts.code is grpc.StatusCode.RESOURCE_EXHAUSTED and facts.reason == "RATE_LIMITED", facts)
    holds(facts.metadata["http_status"] == "429", facts.metadata)
    holds(facts.retry_delay is not None and 0 < facts.retry_delay.total_seconds() < 3600, facts.retry_delay)
    holds(facts.receipt.attempts[0].http_status == 429, facts.receipt)


async def watch() -> None:
    profile = "anthropic:watched-asyncio"
    begun, retried = asyncio.Event(), asyncio.Event()

    async def follow() -> None:
        revision = 0
        async with aio.connect() as channel, aio.StatusWatch(channel, on_retry=lambda *_: retried.set()) as statuses:
            async for status in statuses:
                holds(status.revision > revision, "an older revision")
                revision = status.revision
                begun.set()
                if profile in [each.profile_id for each in status.auth.profiles]:
                    return

    task = asyncio.create_task(follow())
    await asyncio.wait_for(begun.wait(), LIMIT)
    await ask("restart")
    await ask(f"onboard {profile}")
    await asyncio.wait_for(task, LIMIT)
    holds(retried.is_set(), "the watch was not interrupted")


async def large() -> None:
    await ask("fault large")
    answer = await aio.complete("x" * 5_000_000)
    holds(len(answer.text) > 5_000_000, f"{len(answer.text)} characters")


async def socket() -> None:
    async with aio.connect() as channel:
        who = await v1.AccessServiceAsyncStub(channel).WhoAmI(v1.WhoAmIRequest())
    holds(who.proof == "unix", who)


async def tls() -> None:
    async with aio.connect(URL, ca_file=CA, token_file=TOKEN_FILE) as channel:
        holds((await aio.complete("Say hello.", channel=channel)).text, "no text")
    async with aio.connect(URL, ca_file=OTHER_CA, token_file=TOKEN_FILE) as channel:
        facts = await failure(aio.complete("Say hello.", channel=channel, timeout=LIMIT))
    holds(facts.code is grpc.StatusCode.UNAVAILABLE, facts)


async def token() -> None:
    async with aio.connect(URL, ca_file=CA, token_file=TOKEN_FILE) as channel:
        who = await v1.AccessServiceAsyncStub(channel).WhoAmI(v1.WhoAmIRequest())
    holds((who.client.name, who.proof) == ("contract", "token"), who)
    async with aio.connect(URL, ca_file=CA) as channel:
        facts = await failure(v1.AccessServiceAsyncStub(channel).WhoAmI(v1.WhoAmIRequest()))
    holds(facts.reason == "UNAUTHENTICATED", facts)


async def main() -> None:
    for case in (unary, stream, cancel, deadline, error, receipt, watch, large, socket, tls, token):
        try:
            await case()
            print("ok", case.__name__, flush=True)
        except Exception as problem:  # Whatever it is, the next case is run.
            print(f"fail {case.__name__}:", " ".join(repr(problem).split())[:600], flush=True)


asyncio.run(main())
