import { setTimeout } from "node:timers/promises";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { type ErrorFacts, readError } from "./errors.js";
import { ModelService } from "./gen/clawgrpc/v1/model_service_pb.js";
import type { AgentStatus } from "./gen/clawgrpc/v1/status_pb.js";

// What the transport says when a connection breaks. ClawGrpc's own errors have a reason, and of them only Unavailable passes.
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

/** What to watch, and from where on. */
export interface WatchOptions {
  /** The agent; absent: the default agent. */
  readonly agentId?: string;
  /** The revision last seen: only newer ones come. Absent or 0: the present one comes at once. */
  readonly knownRevision?: bigint;
  /** Ends the watch, at once and for good. */
  readonly signal?: AbortSignal;
  /**
   * Hears of each interruption (undefined: the server ended the stream without an error) and of the pause before the next
   * try, in milliseconds.
   */
  readonly onRetry?: (facts: ErrorFacts | undefined, pauseMs: number) => void;
}

/**
 * The status of an agent now, and the whole status again after each change.
 *
 * A broken connection and a server that stops or is not there are waited out; the watch goes on from the revision last
 * seen. It ends when the signal aborts or the loop over it is left.
 *
 * @throws ConnectError on an error that a repeat cannot mend, such as AGENT_NOT_FOUND.
 */
export async function* watchStatus(transport: Transport, options: WatchOptions = {}): AsyncGenerator<AgentStatus, void> {
  const service = createClient(ModelService, transport);
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, ...(options.signal ? [options.signal] : [])]);
  let knownRevision = options.knownRevision ?? 0n;
  let failures = 0;
  try {
    while (!signal.aborted) {
      let facts: ErrorFacts | undefined;
      try {
        for await (const answer of service.watchStatus({ agentId: options.agentId ?? "", knownRevision }, { signal })) {
          // Only a message proves the server well: a connection that opens and breaks must not be hammered.
          failures = 0;
          if (answer.status) {
            knownRevision = answer.status.revision;
            yield answer.status;
          }
        }
      } catch (error) {
        facts = readError(error);
        if (!signal.aborted && !repeatMayMend(facts)) {
          throw error;
        }
      }
      failures += 1;
      await pause(backOffMs(failures, Math.random()), facts, signal, options);
    }
  } finally {
    // Connect leaves a call open whose messages nobody reads any more.
    left.abort();
  }
}

/** Whether a watch that ended with this error is worth beginning again. */
export function repeatMayMend(facts: ErrorFacts): boolean {
  return facts.reason ? facts.code === Code.Unavailable : brokenConnection.has(facts.code);
}

/**
 * The pause after so many failures in a row (at least 1), in milliseconds: 100, doubled each time up to 5000, of which
 * `jitter` (0 to 1) takes off up to half, so that many watchers do not come back at once.
 */
export function backOffMs(failures: number, jitter: number): number {
  return Math.min(5000, 100 * 2 ** (failures - 1)) * (1 - jitter / 2);
}

async function pause(ms: number, facts: ErrorFacts | undefined, signal: AbortSignal, options: WatchOptions): Promise<void> {
  if (signal.aborted) {
    return;
  }
  options.onRetry?.(facts, ms);
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // Told to stop while waiting.
  }
}
