import { fromBinary } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, decodeBinaryHeader } from "@connectrpc/connect";
import type { ErrorReason } from "./gen/clawgrpc/v1/error_reason_pb.js";
import { type Receipt, ReceiptSchema } from "./gen/clawgrpc/v1/receipt_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

const errorDomain = "clawgrpc.v1";

/** A value of `ErrorReason`, as error_reason.proto documents it, or a value of a newer server. */
export type Reason = Exclude<keyof typeof ErrorReason, "UNSPECIFIED"> | (string & {});

/** An invalid field of a request. */
export interface FieldViolation {
  /** The path of the field, such as `input.messages.messages[0].role`. */
  readonly field: string;
  /** What is wrong with it, and what would be valid. */
  readonly description: string;
}

/** The error of a failed call. */
export interface ErrorFacts {
  /** The gRPC code, which speaks of the caller and ClawGrpc. `Unavailable` also without a connection to the server. */
  readonly code: Code;
  /** What went wrong, for people; may be empty. */
  readonly message: string;
  /** The reason, which speaks of Anthropic and the credentials, such as `RATE_LIMITED`; empty if the error is not ClawGrpc's. */
  readonly reason: Reason;
  /** Facts about this error, such as `profile_id`; empty if there are none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** All invalid fields of the request; empty if it was not refused for its fields. */
  readonly fieldViolations: readonly FieldViolation[];
  /** How long to wait before the next try, in milliseconds; undefined if the server stated no time. */
  readonly retryDelayMs: number | undefined;
  /** The receipt of a failed completion; undefined for any other call. */
  readonly receipt: Receipt | undefined;
}

/** Reads the error that a client threw. Leaves out details that cannot be parsed; code and message are always present. */
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

/** One line for people, such as `InvalidArgument INVALID_FIELD: … (api_key.key: must not be empty)`. */
export function describeError(facts: ErrorFacts): string {
  const head = [Code[facts.code], facts.reason].filter(Boolean).join(" ");
  const fields = facts.fieldViolations.map((violation) => `${violation.field}: ${violation.description}`).join("; ");
  return `${head}: ${facts.message}${fields && ` (${fields})`}`;
}

// Connect reports a missing or broken socket as an internal error of the client.
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
