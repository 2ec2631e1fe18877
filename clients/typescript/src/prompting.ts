import { create } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { connect } from "./endpoint.js";
import { type Completion, CompletionSchema, Role } from "./gen/clawgrpc/v1/completion_pb.js";
import { ModelService } from "./gen/clawgrpc/v1/model_service_pb.js";
import { type Receipt, ReceiptSchema } from "./gen/clawgrpc/v1/receipt_pb.js";

/** The options of `complete` and `stream`. */
export interface PromptOptions {
  /** `provider/model`, an alias or a short id; absent for the default model of the agent. */
  readonly model?: string;
  /** The agent; absent for the default agent. */
  readonly agentId?: string;
  /** The time after which the call fails with DeadlineExceeded, in milliseconds; absent for never. */
  readonly timeoutMs?: number;
  /** Cancels the call, and with it the request to Anthropic. */
  readonly signal?: AbortSignal;
  /** The transport of `connect`; absent for one to the endpoint of the environment, which all such calls share. */
  readonly transport?: Transport;
}

/** An answer; as a string, its text. */
export class Answer {
  /**
   * @param completion The answer with all its blocks.
   * @param receipt What was really done, and what it cost.
   */
  constructor(
    readonly completion: Completion,
    readonly receipt: Receipt,
  ) {}

  /** The text of the answer; empty if it has none, such as a mere tool call. */
  get text(): string {
    return this.completion.content.map(({ block }) => (block.case === "text" ? block.value.text : "")).join("");
  }

  toString(): string {
    return this.text;
  }
}

/**
 * Returns the whole answer to a prompt that is text alone. A repeat is a new completion and is billed.
 *
 * @throws ConnectError; `readError` reads why.
 */
export async function complete(prompt: string, options: PromptOptions = {}): Promise<Answer> {
  const service = createClient(ModelService, options.transport ?? shared());
  const { completion, receipt } = await service.complete({ input: inputOf(prompt, options) }, callOptions(options));
  return new Answer(completion ?? create(CompletionSchema), receipt ?? create(ReceiptSchema));
}

/**
 * The text of an answer, piece by piece as it comes. To leave the loop cancels the call, and with it the request to Anthropic.
 */
export class AnswerStream implements AsyncIterable<string> {
  /** What was really done; undefined until the answer is complete. */
  receipt: Receipt | undefined;

  constructor(
    private readonly prompt: string,
    private readonly options: PromptOptions,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, ...(this.options.signal ? [this.options.signal] : [])]);
    const service = createClient(ModelService, this.options.transport ?? shared());
    const request = { input: inputOf(this.prompt, this.options) };
    try {
      for await (const { event } of service.streamComplete(request, callOptions({ ...this.options, signal }))) {
        if (event.case === "blockDelta" && event.value.delta.case === "text") {
          yield event.value.delta.value;
        } else if (event.case === "finished") {
          this.receipt = event.value.receipt;
        }
      }
    } finally {
      // Connect keeps a call open after its iterator ends.
      left.abort();
    }
  }
}

/**
 * Streams the text of the answer to a prompt that is text alone. Each iteration is a new completion and is billed.
 *
 * @throws ConnectError while iterating; `readError` reads why.
 */
export function stream(prompt: string, options: PromptOptions = {}): AnswerStream {
  return new AnswerStream(prompt, options);
}

let ofEnvironment: Transport | undefined;

function shared(): Transport {
  return (ofEnvironment ??= connect());
}

function inputOf(prompt: string, { model = "", agentId = "" }: PromptOptions) {
  const block = { case: "text" as const, value: { text: prompt } };
  const messages = [{ role: Role.USER, content: [{ block }] }];
  return { model, agentId, prompt: { case: "messages" as const, value: { messages } } };
}

function callOptions({ timeoutMs, signal }: PromptOptions) {
  return { ...(timeoutMs !== undefined && { timeoutMs }), ...(signal && { signal }) };
}
