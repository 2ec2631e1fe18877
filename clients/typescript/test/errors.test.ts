import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { createRouterTransport, encodeBinaryHeader } from "@connectrpc/connect";
import { Code, connect, ConnectError, createClient, describeError, ModelService, readError, ReceiptSchema } from "clawgrpc";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "#dist/gen/google/rpc/error_details_pb.js";

async function errorOf(thrown: ConnectError): Promise<unknown> {
  const transport = createRouterTransport(({ service }) => {
    service(ModelService, {
      complete: () => {
        throw thrown;
      },
    });
  });
  return createClient(ModelService, transport).complete({}).catch((error: unknown) => error);
}

const info = (domain: string) => ({
  desc: ErrorInfoSchema,
  value: create(ErrorInfoSchema, { reason: "RATE_LIMITED", domain, metadata: { http_status: "429" } }),
});

test("All_details_of_an_error_are_read", async () => {
  const violation = { field: "input.model", description: "must be known" };
  const facts = readError(
    await errorOf(
      new ConnectError("Slow down.", Code.ResourceExhausted, {}, [
        info("clawgrpc.v1"),
        { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 61n, nanos: 500_000_000 } }) },
        { desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations: [violation] }) },
      ]),
    ),
  );
  assert.equal(facts.code, Code.ResourceExhausted);
  assert.equal(facts.message, "Slow down.");
  assert.equal(facts.reason, "RATE_LIMITED");
  assert.deepEqual({ ...facts.metadata }, { http_status: "429" });
  assert.equal(facts.retryDelayMs, 61_500);
  assert.deepEqual(facts.fieldViolations.map(({ field, description }) => ({ field, description })), [violation]);
  assert.equal(describeError(facts), "ResourceExhausted RATE_LIMITED: Slow down. (input.model: must be known)");
});

test("Reason_of_another_domain_is_ignored", async () => {
  const facts = readError(await errorOf(new ConnectError("No.", Code.PermissionDenied, {}, [info("proxy.example.com")])));
  assert.equal(facts.reason, "");
  assert.deepEqual(facts.metadata, {});
  assert.equal(describeError(facts), "PermissionDenied: No.");
});

test("Unreadable_details_leave_code_and_message", () => {
  const error = new ConnectError("Odd.", Code.Internal, { "clawgrpc-receipt-bin": "/w" });
  error.details = [{ type: "google.rpc.ErrorInfo", value: new Uint8Array([0xff]) }];
  const facts = readError(error);
  assert.equal(describeError(facts), "Internal: Odd.");
  assert.equal(facts.receipt, undefined);
});

test("Failed_completion_has_a_receipt", () => {
  const receipt = toBinary(ReceiptSchema, create(ReceiptSchema, { completionId: "c1" }));
  const facts = readError(new ConnectError("", Code.Unavailable, { "clawgrpc-receipt-bin": encodeBinaryHeader(receipt) }));
  assert.equal(facts.receipt?.completionId, "c1");
});

test("Missing_server_is_unavailable", async () => {
  for (const endpoint of ["unix:/no/such/socket", "http://127.0.0.1:1"]) {
    const error = await createClient(ModelService, connect(endpoint)).getStatus({}).catch((thrown: unknown) => thrown);
    assert.equal(readError(error).code, Code.Unavailable, endpoint);
  }
});
