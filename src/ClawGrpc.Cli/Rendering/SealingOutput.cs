using System.Text.Json;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>How secrets are stored, as text or as JSON.</summary>
internal static class SealingOutput
{
    /// <param name="invocation">The run of the command.</param>
    /// <param name="sealing">How secrets are stored.</param>
    /// <param name="changed">What was done, and to how many secrets; null if nothing was to be done.</param>
    /// <param name="isJson">Whether to write JSON.</param>
    public static void Write(Invocation invocation, Sealing sealing, (string Word, int Count)? changed, bool isJson)
    {
        if (isJson)
        {
            Json.WriteDocument(invocation.Out, json => Write(json, invocation, sealing, changed?.Count));
            return;
        }

        if (changed is { } done)
            invocation.Out.Write($"{done.Word} {Secrets(done.Count)}.\n");
        WriteKeys(invocation, sealing);
        foreach (var agent in sealing.Agents)
            WriteAgent(invocation, sealing, agent);
        invocation.Out.Flush();
    }

    private static void WriteKeys(Invocation invocation, Sealing sealing)
    {
        if (sealing.Problem.Length > 0)
            invocation.Out.Write($"New secrets cannot be sealed: {sealing.Problem}\n");
        if (sealing.Keys.Count == 0)
        {
            invocation.Out.Write("Keys: none (clawgrpc.seal.keyFile)\n");
            return;
        }

        invocation.Out.Write("Keys:\n");
        foreach (var key in sealing.Keys)
        {
            var state = key.Problem.Length > 0 ? key.Problem
                : $"{key.KeyId}{(key.KeyId == sealing.ActiveKeyId ? " (active)" : "")}, {Secrets(key.SealedCount)}";
            invocation.Out.Write($"- {invocation.Environment.ShortPath(key.Path)}: {state}\n");
        }
    }

    private static void WriteAgent(Invocation invocation, Sealing sealing, AgentSealing agent)
    {
        invocation.Out.Write($"Agent {agent.AgentId}: {agent.SealedCount} sealed, {agent.PlainCount} plain text\n");
        if (agent.Problem.Length > 0)
            invocation.Out.Write($"  {agent.Problem}\n");
        invocation.Out.Write($"  New secrets: {(agent.SealsNewSecrets ? "sealed" : "plain text")}"
            + $"{(agent.SharedWith.Length > 0 ? $" ({agent.SharedWith} reads this folder too)" : "")}\n");
        foreach (var other in agent.SealedByKey.Where(count => count.KeyId != sealing.ActiveKeyId))
            invocation.Out.Write($"  {other.Count} under {(other.KeyId.Length > 0 ? other.KeyId : "no key that they name")}\n");
        foreach (var profile in agent.UnopenedProfiles)
            invocation.Out.Write($"  {profile.ProfileId} does not open: {profile.Reason}\n");
        foreach (var file in agent.PlainFiles)
            invocation.Out.Write($"  Not sealed: {invocation.Environment.ShortPath(file)}\n");
    }

    private static string Secrets(int count) => count == 1 ? "1 secret" : $"{count} secrets";

    private static void Write(Utf8JsonWriter json, Invocation invocation, Sealing sealing, int? changed)
    {
        json.WriteStartObject();
        if (changed is { } count)
            json.WriteNumber("changed", count);
        json.WriteOptional("activeKeyId", sealing.ActiveKeyId);
        json.WriteOptional("problem", sealing.Problem);
        json.WriteStartArray("keys");
        foreach (var key in sealing.Keys)
        {
            json.WriteStartObject();
            json.WriteOptional("keyId", key.KeyId);
            json.WriteString("path", invocation.Environment.ShortPath(key.Path));
            json.WriteOptional("problem", key.Problem);
            json.WriteNumber("sealed", key.SealedCount);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("agents");
        foreach (var agent in sealing.Agents)
            Write(json, invocation, agent);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Invocation invocation, AgentSealing agent)
    {
        json.WriteStartObject();
        json.WriteString("id", agent.AgentId);
        json.WriteString("storePath", invocation.Environment.ShortPath(agent.StorePath));
        json.WriteBoolean("sealsNewSecrets", agent.SealsNewSecrets);
        json.WriteOptional("sharedWith", agent.SharedWith);
        json.WriteNumber("sealed", agent.SealedCount);
        json.WriteNumber("plain", agent.PlainCount);
        json.WriteStartObject("sealedByKey");
        foreach (var count in agent.SealedByKey)
            json.WriteNumber(count.KeyId, count.Count);
        json.WriteEndObject();
        json.WriteStartArray("unopened");
        foreach (var profile in agent.UnopenedProfiles)
        {
            json.WriteStartObject();
            json.WriteString("profileId", profile.ProfileId);
            json.WriteString("reason", profile.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStrings("plainFiles", agent.PlainFiles.Select(invocation.Environment.ShortPath));
        json.WriteOptional("problem", agent.Problem);
        json.WriteEndObject();
    }
}
