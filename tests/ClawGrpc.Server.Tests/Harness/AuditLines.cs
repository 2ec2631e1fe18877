using System.Text.Json;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>The audit of a server under test.</summary>
internal static class AuditLines
{
    /// <summary>All lines that are written.</summary>
    public static async Task<List<JsonElement>> AuditAsync(this ServerFixture fixture)
    {
        await fixture.Access.GetAuditHeadAsync(new GetAuditHeadRequest());
        var lines = await File.ReadAllLinesAsync(fixture.Files["audit.jsonl"]);
        return [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>Waits until there are so many lines of an event.</summary>
    public static async Task<List<JsonElement>> AuditAsync(this ServerFixture fixture, string what, int count)
    {
        List<JsonElement> lines = [];
        await ServerFixture.EventuallyAsync(async () =>
        {
            lines = [.. (await fixture.AuditAsync()).Where(line => line.Text("event") == what)];
            return lines.Count >= count;
        });
        return lines;
    }

    /// <summary>A member as text; empty if it is not there.</summary>
    public static string Text(this JsonElement line, params string[] path)
    {
        foreach (var name in path)
        {
            if (!line.TryGetProperty(name, out line))
                return "";
        }

        return line.ToString();
    }

    public static async Task<VerifyAuditResponse> VerifyAsync(this ServerFixture fixture) =>
        await fixture.Access.VerifyAuditAsync(new VerifyAuditRequest());
}
