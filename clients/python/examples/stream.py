"""Prints an answer as it comes: `python3 -m examples.stream "Say hello." [model]`."""

import sys

import grpc

import clawgrpc
from clawgrpc import v1


def main() -> None:
    prompt = v1.Message(role=v1.ROLE_USER, content=[v1.ContentBlock(text=v1.TextBlock(text=sys.argv[1]))])
    request = v1.StreamCompleteRequest(
        input=v1.CompletionInput(
            model=sys.argv[2] if len(sys.argv) > 2 else "",
            messages=v1.MessagesRequest(messages=[prompt]),
        )
    )
    with clawgrpc.connect() as channel:
        try:
            for answer in v1.ModelServiceStub(channel).StreamComplete(request):
                match answer.WhichOneof("event"):
                    case "block_delta":
                        print(answer.block_delta.text, end="", flush=True)
                    case "finished":
                        receipt = answer.finished.receipt
                        print()
                        print(f"{receipt.model} by {receipt.profile_id}: {receipt.usage.output_tokens} tokens", file=sys.stderr)
        except grpc.RpcError as error:
            sys.exit(str(clawgrpc.read_error(error)))
        except KeyboardInterrupt:
            # Closing the channel cancels the call, and with it the request to Anthropic.
            sys.exit(130)


if __name__ == "__main__":
    main()
