using System.Text.Json;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>The results of probes, as OpenClaw prints them (openclaw-spec.md, section 7.4).</summary>
internal static class ProbeOutput
{
    /// <summary>Writes the member <c>probes</c> of a status.</summary>
    public static void Write(Utf8JsonWriter json, ProbeRun run)
    {
        json.WriteStartObject("probes");
        json.WriteNumber("startedAt", run.Started.ToUnixTimeMilliseconds());
        json.WriteNumber("finishedAt", run.Finished.ToUnixTimeMilliseconds());
        json.WriteNumber("durationMs", (long)(run.Finished - run.Started).TotalMilliseconds);
        json.WriteNumber("totalTargets", run.Results.Count(result => result.Latency is not null));
        json.WriteStartObject("options");
        json.WriteOptional("provider", run.Request.Provider);
        json.WriteStrings("profileIds", run.Request.ProfileIds);
        json.WriteNumber("timeoutMs", Words.Milliseconds(run.Request.Timeout));
        json.WriteNumber("concurrency", run.Request.Concurrency);
        json.WriteNumber("maxTokens", run.Request.MaxTokens);
        json.WriteEndObject();
        json.WriteStartArray("results");
        foreach (var result in run.Results)
            Write(json, result);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The section of the text.</summary>
    public static IEnumerable<string> Lines(ProbeRun run)
    {
        yield return "";
        yield return "Auth probes";
        if (run.Results.Count == 0)
            yield return "- none";
        foreach (var result in run.Results)
        {
            var took = result.Latency is { } latency ? $" · {Words.Milliseconds(latency)}ms" : "";
            var error = result.Error.Length > 0 ? $" · {result.Error.ReplaceLineEndings(" ")}" : "";
            var target = result.Model.Length > 0 ? result.Model : result.Provider;
            yield return $"- {target} {result.Label} ({Words.Of(result.Type)}) {Words.Of(result.Status)}{took}{error}";
        }
    }

    private static void Write(Utf8JsonWriter json, ProbeProfilesResponse result)
    {
        json.WriteStartObject();
        json.WriteString("provider", result.Provider);
        json.WriteOptional("model", result.Model);
        json.WriteOptional("profileId", result.ProfileId);
        json.WriteString("label", result.Label);
        json.WriteString("source", result.Source);
        json.WriteString("mode", Words.Of(result.Type));
        json.WriteString("status", Words.Of(result.Status));
        if (result.Latency is { } latency)
            json.WriteNumber("latencyMs", Words.Milliseconds(latency));
        json.WriteOptional("error", result.Error);
        json.WriteEndObject();
    }
}
