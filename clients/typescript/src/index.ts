// The generated contract.
export * from "./gen/clawgrpc/v1/access_service_pb.js";
export * from "./gen/clawgrpc/v1/auth_service_pb.js";
export * from "./gen/clawgrpc/v1/completion_pb.js";
export * from "./gen/clawgrpc/v1/error_reason_pb.js";
export * from "./gen/clawgrpc/v1/model_service_pb.js";
export * from "./gen/clawgrpc/v1/receipt_pb.js";
export * from "./gen/clawgrpc/v1/status_pb.js";

// Connect's client.
export { type Client, Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";

// Endpoints, completions in one line, errors and the status watch.
export { connect, type ConnectOptions, resolveEndpoint } from "./endpoint.js";
export { describeError, type ErrorFacts, type FieldViolation, readError, type Reason } from "./errors.js";
export { Answer, AnswerStream, complete, type PromptOptions, stream } from "./prompting.js";
export { watchStatus, type WatchOptions } from "./watch.js";
