// Prints an answer as it comes: `node build/examples/stream.js "Say hello." [model]`.
import { connect, createClient, describeError, ModelService, readError, Role } from "clawgrpc";

const [prompt = "", model = ""] = process.argv.slice(2);
const service = createClient(ModelService, connect());
const stop = new AbortController();
// Aborting the call aborts the request to Anthropic too.
process.once("SIGINT", () => stop.abort());

try {
  const answers = service.streamComplete(
    {
      input: {
        model,
        prompt: {
          case: "messages",
          value: { messages: [{ role: Role.USER, content: [{ block: { case: "text", value: { text: prompt } } }] }] },
        },
      },
    },
    { signal: stop.signal },
  );
  for await (const { event } of answers) {
    if (event.case === "blockDelta" && event.value.delta.case === "text") {
      process.stdout.write(event.value.delta.value);
    } else if (event.case === "finished") {
      const receipt = event.value.receipt;
      process.stdout.write("\n");
      console.error(`${receipt?.model} by ${receipt?.profileId}: ${receipt?.usage?.outputTokens} tokens`);
    }
  }
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(describeError(readError(error)));
  }
  process.exitCode = stop.signal.aborted ? 130 : 1;
}
