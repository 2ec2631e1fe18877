import { fromBinary } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, decodeBinaryHeader } from "@connectrpc/connect";
import type { ErrorReason } from "./gen/clawgrpc/v1/error_reason_pb.js";
import { type Receipt, ReceiptSchema } from "./gen/clawgrpc/v1/receipt_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

const errorDomain = "clawgrpc.v1";

/** A value of `ErrorReason`, as documented in error_reason.proto, or one that a newer server knows. */
export type Reason = Exclude<keyof typeof ErrorReason, "UNSPECIFIED"> | (string & {});

/** One wrong field of a request. */
export interface FieldViolation {
  /** The path to it, such as `input.messages.messages[0].role`. */
  readonly field: string;
  /** What is wrong with it and what would be right. */
  readonly description: string;
}

/** All that an error of a call says. */
export interface ErrorFacts {
  /** Speaks of the caller and ClawGrpc. `Unavailable` also when there is no connection to the server. */
  readonly code: Code;
  /** For people. */
  readonly message: string;
  /** Speaks of Anthropic and the credentials, such as `RATE_LIMITED`; empty: the error does not come from ClawGrpc. */
  readonly reason: Reason;
  /** Facts of this very error, such as `profile_id`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** All wrong fields of the request. */
  readonly fieldViolations: readonly FieldViolation[];
  /** A repeat may succeed after this time, in milliseconds; undefined: nothing is known of that. */
  readonly retryDelayMs: number | undefined;
  /** What a failed completion did; undefined for every other call. */
  readonly receipt: Receipt | undefined;
}

/** Reads what a client threw. Details that cannot be read are left out; the code and the message are always there. */
export function readError(thrown: unknown): ErrorFacts {
  const error = ConnectError.from(thrown);
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === errorDomain);
  const retryDelay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    code: isSystemError(error.cause) ? Code.Unavailable : error.code,
    message: error.rawMessage,
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    fieldViolations: error.findDetails(BadRequestSchema).flatMap((detail) => detail.fieldViolations),
    retryDelayMs: retryDelay && durationMs(retryDelay),
    receipt: readReceipt(error.metadata),
  };
}

/** One line for a person, such as `InvalidArgument INVALID_FIELD: … (api_key.key: must not be empty)`. */
export function describeError(facts: ErrorFacts): string {
  const head = [Code[facts.code], facts.reason].filter(Boolean).join(" ");
  const fields = facts.fieldViolations.map((violation) => `${violation.field}: ${violation.description}`).join("; ");
  return `${head}: ${facts.message}${fields && ` (${fields})`}`;
}

// Connect takes a socket that is missing, or that breaks, for a fault inside the client.
function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause;
}

function readReceipt(trailers: Headers): Receipt | undefined {
  const trailer = trailers.get("clawgrpc-receipt-bin");
  try {
    return trailer === null ? undefined : fromBinary(ReceiptSchema, decodeBinaryHeader(trailer));
  } catch {
    return undefined;
  }
}
