// Completes one prompt: `node build/examples/complete.js "Say hello." [model]`.
import { connect, createClient, describeError, ModelService, readError, Role } from "clawgrpc";

const [prompt = "", model = ""] = process.argv.slice(2);
const service = createClient(ModelService, connect());

try {
  const { completion, receipt } = await service.complete({
    input: {
      model,
      prompt: {
        case: "messages",
        value: { messages: [{ role: Role.USER, content: [{ block: { case: "text", value: { text: prompt } } }] }] },
      },
    },
  });
  const texts = completion?.content.map(({ block }) => (block.case === "text" ? block.value.text : "")) ?? [];
  console.log(texts.join(""));
  console.error(`${receipt?.model} by ${receipt?.profileId}: ${receipt?.usage?.outputTokens} tokens`);
} catch (error) {
  console.error(describeError(readError(error)));
  process.exitCode = 1;
}
