import unittest
from collections.abc import Callable
from datetime import timedelta

import grpc

from clawgrpc import ErrorFacts, FieldViolation, connect, read_error, v1
from rich_status import bad_request, error_info, fail, retry_info
from scripted_server import ScriptedServer


class Errors(unittest.TestCase):
    def facts_of(self, completion: Callable[[grpc.ServicerContext], None]) -> ErrorFacts:
        with ScriptedServer(completion=lambda _, context: completion(context)) as server, connect(server.endpoint) as channel:
            with self.assertRaises(grpc.RpcError) as caught:
                v1.ModelServiceStub(channel).Complete(v1.CompleteRequest(), timeout=30)
            return read_error(caught.exception)

    def test_all_details_of_an_error_are_read(self) -> None:
        facts = self.facts_of(lambda context: fail(
            context,
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Slow down.",
            error_info("RATE_LIMITED", http_status="429"),
            retry_info(61),
            bad_request("input.model", "must be known"),
        ))
        self.assertEqual(facts, ErrorFacts(
            code=grpc.StatusCode.RESOURCE_EXHAUSTED,
            message="Slow down.",
            reason="RATE_LIMITED",
            metadata={"http_status": "429"},
            field_violations=(FieldViolation("input.model", "must be known"),),
            retry_delay=timedelta(seconds=61),
        ))
        self.assertEqual(str(facts), "RESOURCE_EXHAUSTED RATE_LIMITED: Slow down. (input.model: must be known)")

    def test_reason_of_another_domain_is_ignored(self) -> None:
        facts = self.facts_of(lambda context: fail(
            context, grpc.StatusCode.PERMISSION_DENIED, "No.", error_info("RATE_LIMITED", domain="proxy.example.com")
        ))
        self.assertEqual(facts, ErrorFacts(grpc.StatusCode.PERMISSION_DENIED, "No."))
        self.assertEqual(str(facts), "PERMISSION_DENIED: No.")

    def test_unreadable_details_leave_code_and_message(self) -> None:
        facts = self.facts_of(lambda context: fail(
            context, grpc.StatusCode.INTERNAL, "Odd.", b"\xff", clawgrpc_receipt_bin=b"\xff"
        ))
        self.assertEqual(facts, ErrorFacts(grpc.StatusCode.INTERNAL, "Odd."))

    def test_failed_completion_has_a_receipt(self) -> None:
        receipt = v1.Receipt(completion_id="c1")
        facts = self.facts_of(lambda context: fail(
            context, grpc.StatusCode.UNAVAILABLE, "", clawgrpc_receipt_bin=receipt.SerializeToString()
        ))
        self.assertEqual(facts.receipt, receipt)

    def test_missing_server_is_unavailable(self) -> None:
        for endpoint in ("unix:/no/such/socket", "http://127.0.0.1:1"):
            with connect(endpoint) as channel, self.assertRaises(grpc.RpcError) as caught:
                v1.ModelServiceStub(channel).GetStatus(v1.GetStatusRequest(), timeout=30)
            self.assertIs(read_error(caught.exception).code, grpc.StatusCode.UNAVAILABLE)
