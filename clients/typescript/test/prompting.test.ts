// Completions in one line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { Code, complete, ConnectError, ModelService, readError, stream } from "clawgrpc";

const serverOf = (models: Partial<ServiceImpl<typeof ModelService>>) =>
  createRouterTransport(({ service }) => service(ModelService, models));

const text = (piece: string) => ({
  event: { case: "blockDelta" as const, value: { delta: { case: "text" as const, value: piece } } },
});

test("Answer_has_text_and_receipt", async () => {
  const transport = serverOf({
    complete: ({ input }) => {
      const said = input?.prompt.case === "messages" ? input.prompt.value.messages[0]?.content[0]?.block : undefined;
      const blocks = [
        { block: { case: "text" as const, value: { text: "Hello, " } } },
        { block: { case: "thinking" as const, value: { thinking: "hm" } } },
        { block: { case: "text" as const, value: { text: said?.case === "text" ? said.value.text : "nobody" } } },
      ];
      return { completion: { content: blocks }, receipt: { model: input?.model ?? "", agentId: input?.agentId ?? "" } };
    },
  });
  const answer = await complete("Ada", { model: "haiku", agentId: "other", transport });
  assert.deepEqual([`${answer}`, answer.receipt.model, answer.receipt.agentId], ["Hello, Ada", "haiku", "other"]);
});

test("Stream_yields_text_and_keeps_the_receipt", async () => {
  const transport = serverOf({
    streamComplete: async function* () {
      yield text("one ");
      yield { event: { case: "blockDelta", value: { delta: { case: "thinking", value: "hm" } } } };
      yield text("two");
      yield { event: { case: "finished", value: { receipt: { stopReason: "end_turn" } } } };
    },
  });
  const answer = stream("Count.", { transport });
  const pieces: string[] = [];
  for await (const piece of answer) {
    pieces.push(piece);
  }
  assert.deepEqual([pieces, answer.receipt?.stopReason], [["one ", "two"], "end_turn"]);
});

test("Leaving_a_stream_cancels_the_call", { timeout: 60_000 }, async () => {
  let left: () => void = () => undefined;
  const wasLeft = new Promise<void>((resolve) => (left = resolve));
  const transport = serverOf({
    streamComplete: async function* (_, { signal }) {
      signal.addEventListener("abort", () => left());
      yield text("one ");
      await wasLeft;
    },
  });
  for await (const piece of stream("Count.", { transport })) {
    assert.equal(piece, "one ");
    break;
  }
  await wasLeft;
});

test("Signal_and_time_end_a_call", { timeout: 60_000 }, async () => {
  const transport = serverOf({ complete: (_, { signal }) => new Promise((_, no) => signal.addEventListener("abort", no)) });
  const codeOf = async (call: Promise<unknown>) => readError(await call.catch((error: unknown) => error)).code;
  assert.equal(await codeOf(complete("Hello", { transport, timeoutMs: 10 })), Code.DeadlineExceeded);
  assert.equal(await codeOf(complete("Hello", { transport, signal: AbortSignal.abort() })), Code.Canceled);
  await assert.rejects(complete("Hello", { transport, signal: AbortSignal.abort() }), ConnectError);
});
