// Prints a line for each change of an agent's status, through restarts of the server: `node build/examples/watch.js [agent]`.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type AgentStatus, connect, describeError, readError, watchStatus } from "clawgrpc";

const [agentId = ""] = process.argv.slice(2);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

try {
  const statuses = watchStatus(connect(), {
    agentId,
    signal: stop.signal,
    onRetry: (facts, pauseMs) => {
      console.error(`${facts ? describeError(facts) : "the stream ended"}; again in ${(pauseMs / 1000).toFixed(1)} s`);
    },
  });
  for await (const status of statuses) {
    console.log(lineOf(status));
  }
  process.exitCode = 130;
} catch (error) {
  console.error(describeError(readError(error)));
  process.exitCode = 1;
}

function lineOf(status: AgentStatus): string {
  const unusable = (status.auth?.unusableProfiles ?? []).map((profile) => {
    const until = profile.recoverTime ? ` until ${timestampDate(profile.recoverTime).toISOString()}` : "";
    return `${profile.profileId} ${profile.kind}${until}`;
  });
  return (
    `${status.agentId} revision ${status.revision}: ${status.auth?.profiles.length ?? 0} profiles, ` +
    `${status.usage?.completions ?? 0n} completions, unusable: ${unusable.join(", ") || "none"}`
  );
}
