// Onboards an API key from ANTHROPIC_API_KEY or standard input: `node build/examples/onboard.js [profile] [agent]`.
// The key is not an argument, because every user of the machine can read arguments.
import { text } from "node:stream/consumers";
import { AuthService, connect, createClient, describeError, readError } from "clawgrpc";

const [profileId = "", agentId = ""] = process.argv.slice(2);
const key = process.env["ANTHROPIC_API_KEY"] || (await text(process.stdin)).trimEnd();
const service = createClient(AuthService, connect());

try {
  const answer = await service.onboard({ profileId, agentId, credential: { case: "apiKey", value: { key } } });
  console.log(`${answer.profileId} of agent ${answer.agentId}`);
  for (const notice of answer.notices) {
    console.error(notice);
  }
} catch (error) {
  console.error(describeError(readError(error)));
  process.exitCode = 1;
}
