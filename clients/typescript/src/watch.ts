import { setTimeout } from "node:timers/promises";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { type ErrorFacts, readError } from "./errors.js";
import { ModelService } from "./gen/clawgrpc/v1/model_service_pb.js";
import type { AgentStatus } from "./gen/clawgrpc/v1/status_pb.js";

// The codes of broken connections. ClawGrpc's own errors have a reason; of those, only Unavailable is transient.
const brokenConnection: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.Unknown,
  Code.Internal,
  Code.Aborted,
  Code.Canceled,
  Code.ResourceExhausted,
  Code.DeadlineExceeded,
  Code.DataLoss,
]);

// A token that ends may be replaced a moment later: so often in a row, for some seconds, a watch tries again.
const unknownAtMost = 6;

/** The options of `watchStatus`. */
export interface WatchOptions {
  /** The agent; absent for the default agent. */
  readonly agentId?: string;
  /** The last revision seen, to get only newer ones; absent or 0 to get the current one at once. */
  readonly knownRevision?: bigint;
  /** Ends the watch at once. */
  readonly signal?: AbortSignal;
  /**
   * Called at each interruption with its error, undefined if the server ended the stream without one, and with the delay
   * before the next try, in milliseconds.
   */
  readonly onRetry?: (facts: ErrorFacts | undefined, delayMs: number) => void;
}

/**
 * Yields the whole status of an agent now, and again after each change.
 *
 * When the connection breaks or the server is down, the watch waits, reconnects and resumes from the last revision seen. A
 * watch that ends because its token did resumes with the token that the file holds by then. It ends when the signal aborts
 * or the caller leaves the loop.
 *
 * @throws ConnectError on a permanent error such as AGENT_NOT_FOUND.
 */
export async function* watchStatus(transport: Transport, options: WatchOptions = {}): AsyncGenerator<AgentStatus, void> {
  const service = createClient(ModelService, transport);
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, ...(options.signal ? [options.signal] : [])]);
  let knownRevision = options.knownRevision ?? 0n;
  let failures = 0;
  let wasKnown = false;
  try {
    while (!signal.aborted) {
      let facts: ErrorFacts | undefined;
      try {
        for await (const answer of service.watchStatus({ agentId: options.agentId ?? "", knownRevision }, { signal })) {
          // Only a message resets the delay: a connection may open and break again.
          failures = 0;
          wasKnown = true;
          if (answer.status) {
            knownRevision = answer.status.revision;
            yield answer.status;
          }
        }
      } catch (error) {
        facts = readError(error);
        const tokenEnded = facts.code === Code.Unauthenticated && wasKnown && failures < unknownAtMost;
        if (!signal.aborted && !tokenEnded && !isTransient(facts)) {
          throw error;
        }
      }
      failures += 1;
      await wait(backOffMs(failures, Math.random()), facts, signal, options);
    }
  } finally {
    // Connect keeps a call open after its iterator ends.
    left.abort();
  }
}

/** Whether a watch that failed with this error may succeed later. */
export function isTransient(facts: ErrorFacts): boolean {
  return facts.reason ? facts.code === Code.Unavailable : brokenConnection.has(facts.code);
}

/**
 * The delay after a number of failures in a row (at least 1), in milliseconds: 100, doubled each time up to 5000. `jitter`
 * (0 to 1) takes off up to half, so that many watchers do not reconnect at once.
 */
export function backOffMs(failures: number, jitter: number): number {
  return Math.min(5000, 100 * 2 ** (failures - 1)) * (1 - jitter / 2);
}

async function wait(ms: number, facts: ErrorFacts | undefined, signal: AbortSignal, options: WatchOptions): Promise<void> {
  if (signal.aborted) {
    return;
  }
  options.onRetry?.(facts, ms);
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // The signal aborted.
  }
}
