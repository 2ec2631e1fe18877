import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { Code, ConnectError, ModelService, type Transport, type WatchStatusRequest, watchStatus } from "clawgrpc";
import { backOffMs } from "#dist/watch.js";
import { ErrorInfoSchema } from "#dist/gen/google/rpc/error_details_pb.js";

type Answers = AsyncIterable<{ status?: { revision: bigint }; revision: bigint }>;

/** A server whose watches follow a script: the n-th part serves the n-th call, the last part all further ones. */
function serverOf(...script: ((request: WatchStatusRequest, context: HandlerContext) => Answers)[]): Transport {
  let calls = 0;
  return createRouterTransport(({ service }) => {
    service(ModelService, {
      watchStatus: (request, context) => {
        const part = script[Math.min(calls++, script.length - 1)];
        assert.ok(part);
        return part(request, context);
      },
    });
  });
}

const status = (revision: bigint) => ({ status: { revision }, revision });

function errorWith(code: Code, reason: string): ConnectError {
  const value = create(ErrorInfoSchema, { reason, domain: "clawgrpc.v1" });
  return new ConnectError("The script says so.", code, {}, [{ desc: ErrorInfoSchema, value }]);
}

test("Broken_watch_resumes_from_the_last_revision", async () => {
  const known: bigint[] = [];
  const transport = serverOf(
    async function* (request) {
      known.push(request.knownRevision);
      yield status(7n);
      throw errorWith(Code.Unavailable, "STOPPING");
    },
    async function* (request) {
      known.push(request.knownRevision);
      throw new ConnectError("stream closed with error code CANCEL", Code.Canceled);
    },
    async function* (request) {
      known.push(request.knownRevision);
      // Ends without an error, as behind a proxy.
    },
    async function* (request) {
      known.push(request.knownRevision);
      yield status(8n);
    },
  );
  const seen: bigint[] = [];
  for await (const { revision } of watchStatus(transport, { knownRevision: 5n })) {
    seen.push(revision);
    if (revision === 8n) {
      break;
    }
  }
  assert.deepEqual(seen, [7n, 8n]);
  assert.deepEqual(known, [5n, 7n, 7n, 7n]);
});

test("Permanent_error_ends_the_watch", async () => {
  const errors = [
    errorWith(Code.NotFound, "AGENT_NOT_FOUND"),
    errorWith(Code.Internal, "INTERNAL"),
    new ConnectError("", Code.Unimplemented),
  ];
  for (const error of errors) {
    let calls = 0;
    const transport = serverOf(async function* () {
      calls++;
      throw error;
    });
    await assert.rejects(watchStatus(transport).next(), { code: error.code });
    assert.equal(calls, 1);
  }
});

test("Watch_whose_token_ended_goes_on_with_the_next_one", async () => {
  const ended = async function* () {
    throw errorWith(Code.Unauthenticated, "CALLER_ENDED");
  };
  const began = async function* () {
    yield status(1n);
    throw errorWith(Code.Unauthenticated, "CALLER_ENDED");
  };
  const watch = watchStatus(
    serverOf(began, ended, ended, async function* () {
      yield status(2n);
    }),
  );
  assert.equal((await watch.next()).value?.revision, 1n);
  assert.equal((await watch.next()).value?.revision, 2n);
  await watch.return();

  for (const [script, tries] of [[[began, ended], 6], [[ended], 0]] as const) {
    let retries = 0;
    const unreplaced = watchStatus(serverOf(...script), { onRetry: () => retries++ });
    await assert.rejects(
      async () => {
        for await (const _ of unreplaced);
      },
      { code: Code.Unauthenticated },
    );
    assert.equal(retries, tries);
  }
});

test("Only_a_message_resets_the_delay", async () => {
  const unavailable = async function* () {
    throw new ConnectError("", Code.Unavailable);
  };
  const heartbeatFirst = async function* () {
    yield { revision: 1n };
    throw new ConnectError("", Code.Unavailable);
  };
  const transport = serverOf(unavailable, unavailable, unavailable, heartbeatFirst, unavailable);
  const pauses: number[] = [];
  const stop = new AbortController();
  const watch = watchStatus(transport, {
    signal: stop.signal,
    onRetry: (_, pauseMs) => {
      if (pauses.push(pauseMs) === 5) {
        stop.abort();
      }
    },
  });
  assert.equal((await watch.next()).done, true);
  for (const [index, failures] of [1, 2, 3, 1, 2].entries()) {
    const pause = pauses[index] ?? 0;
    assert.ok(backOffMs(failures, 1) <= pause && pause <= backOffMs(failures, 0), `pause ${index} was ${pause} ms`);
  }
});

test("Delay_doubles_to_five_seconds_minus_jitter", () => {
  assert.deepEqual([1, 2, 3, 6, 7, 10_000].map((failures) => backOffMs(failures, 0)), [100, 200, 400, 3200, 5000, 5000]);
  assert.deepEqual([1, 10_000].map((failures) => backOffMs(failures, 1)), [50, 2500]);
});

test("Leaving_the_loop_cancels_the_call", async () => {
  let context: HandlerContext | undefined;
  const transport = serverOf(async function* (_, of) {
    context = of;
    yield status(1n);
    await once(of.signal, "abort");
  });
  for await (const { revision } of watchStatus(transport)) {
    assert.equal(revision, 1n);
    break;
  }
  assert.ok(context);
  if (!context.signal.aborted) {
    await once(context.signal, "abort");
  }
});

test("Abort_ends_an_idle_watch", async () => {
  const stop = new AbortController();
  const transport = serverOf(async function* (_, { signal }) {
    yield status(1n);
    await once(signal, "abort");
  });
  const watch = watchStatus(transport, { signal: stop.signal });
  assert.equal((await watch.next()).value?.revision, 1n);
  const next = watch.next();
  stop.abort();
  assert.equal((await next).done, true);
});
