using System.Text.Json.Nodes;

namespace ClawGrpc.Testing.Tests;

/// <summary>The real API took these requests: the sandbox must not be stricter.</summary>
public class RecordedRequestTests
{
    [Fact]
    public async Task Every_recorded_request_that_was_answered_is_answered()
    {
        var recordings = Recordings.All
            .Where(recording => recording.Status == 200 && recording.RequestBody is not null
            && recording.Path.StartsWith("/v1/messages", StringComparison.Ordinal))
            .Where(recording => !recording.Path.Contains("batches", StringComparison.Ordinal))
            .ToList();
        var models = recordings.Select(recording => recording.RequestBody!.Value.GetProperty("model").GetString()!).Distinct();
        await using var sandbox = await Sandbox.StartAsync(new() { ExtraModels = [.. models] });
        using var client = new Client(sandbox);
        var refused = new List<string>();
        foreach (var recording in recordings)
        {
            var body = JsonNode.Parse(recording.RequestBody!.Value.GetRawText())!;
            using var response = await client.Http.SendAsync(client.Request(body, recording.Path, Headers(recording)));
            if (!response.IsSuccessStatusCode)
            {
                refused.Add($"{recording.Name}: {await response.Content.ReadAsStringAsync()}");
            }
        }

        Assert.NotEmpty(recordings);
        Assert.True(refused.Count == 0, string.Join("\n", refused));
    }

    // Some recorders kept neither header; their requests can have needed any of these.
    private static (string Name, string Value)[] Headers(Recording recording)
    {
        var kept = recording.RequestHeaders.Where(header => header.Key is "anthropic-beta" or "anthropic-version").ToList();
        return kept.Count > 0
            ? [.. kept.Select(header => (header.Key, header.Value))]
            : [("anthropic-beta", "context-management-2025-06-27,compact-2026-01-12,mcp-client-2025-11-20")];
    }
}
