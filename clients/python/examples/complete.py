"""Completes one prompt: `python3 -m examples.complete "Say hello." [model]`."""

import sys

import grpc

import clawgrpc
from clawgrpc import v1


def main() -> None:
    prompt = v1.Message(role=v1.ROLE_USER, content=[v1.ContentBlock(text=v1.TextBlock(text=sys.argv[1]))])
    request = v1.CompleteRequest(
        input=v1.CompletionInput(
            model=sys.argv[2] if len(sys.argv) > 2 else "",
            messages=v1.MessagesRequest(messages=[prompt]),
        )
    )
    with clawgrpc.connect() as channel:
        try:
            answer = v1.ModelServiceStub(channel).Complete(request, timeout=120)
        except grpc.RpcError as error:
            sys.exit(str(clawgrpc.read_error(error)))
    print("".join(block.text.text for block in answer.completion.content))
    receipt = answer.receipt
    print(f"{receipt.model} by {receipt.profile_id}: {receipt.usage.output_tokens} tokens", file=sys.stderr)


if __name__ == "__main__":
    main()
