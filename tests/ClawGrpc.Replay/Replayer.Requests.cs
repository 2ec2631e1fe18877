using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClawGrpc.Testing;
using ClawGrpc.V1;

namespace ClawGrpc.Replay;

public sealed partial class Replayer
{
    private static readonly CacheRetention[] Policies = [CacheRetention.None, CacheRetention.Short, CacheRetention.Long];

    // Sent as it was recorded, with the cache policy off and on: nothing but the policy's breakpoints may be different upstream.
    private async Task<string> ReplayRequestAsync(Recording recording)
    {
        Answer(recording, AnyPiece());
        var placed = 0;
        foreach (var policy in Policies)
        {
            sandbox.ClearRequests();
            await _auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = ProfileId });
            var input = Input(Encoding.UTF8.GetBytes(recording.Request!.Value.GetRawText()));
            input.CacheRetention = policy;
            input.AnthropicVersion = recording.RequestHeaders.GetValueOrDefault("anthropic-version") ?? "";
            input.Betas.AddRange(Betas(recording));
            var (parts, error) = await StreamAsync(input, raw: true);
            if (error?.Reason == ErrorReason.InvalidField && recording.Status is >= 400 and < 500)
                return $"the request is refused before it is sent, as Anthropic refused it: {Cut(error.Message)}";
            Expect(sandbox.Requests.Count > 0, $"the request does not arrive: {error}");
            var receipt = error is null
                ? parts[^1].Finished.Receipt
                : error.Receipt ?? throw new ReplayException("an error without a receipt");
            var sent = sandbox.Requests[0];
            placed += Check(recording, policy, sent.Body, receipt);
            Expect(Betas(recording).All(sent.Betas.Contains), $"of the betas arrived {string.Join(',', sent.Betas)}");
        }

        return placed == 0
            ? "the request arrives as it was sent"
            : $"the request arrives as it was sent, but for {placed} breakpoints of the policy";
    }

    private static string[] Betas(Recording recording) =>
        recording.RequestHeaders.GetValueOrDefault(
            "anthropic-beta")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <returns>How many breakpoints the policy placed.</returns>
    private static int Check(Recording recording, CacheRetention policy, ReadOnlyMemory<byte> arrived, Receipt receipt)
    {
        var given = recording.Request!.Value;
        if (policy == CacheRetention.None && Member(given, "stream").ValueKind == JsonValueKind.True)
        {
            Expect(arrived.Span.SequenceEqual(
                Encoding.UTF8.GetBytes(given.GetRawText())), "without the cache policy the request arrives with other bytes");
            return 0;
        }

        var placed = receipt.Cache.Breakpoints.Where(breakpoint => !breakpoint.FromCaller)
            .Select(breakpoint => (breakpoint.Path, breakpoint.Ttl)).ToList();
        Expect(policy != CacheRetention.None || placed.Count == 0, "the policy is off and places breakpoints");
        Expect(receipt.Cache.Breakpoints.Count <= 4
            || receipt.Cache.Breakpoints.Count(breakpoint => breakpoint.FromCaller) > 4, "more than four breakpoints");
        var request = JsonNode.Parse(arrived.Span)!;
        foreach (var (path, ttl) in placed)
            Undo(request, JsonNode.Parse(given.GetRawText())!, path, ttl);
        var wanted = JsonNode.Parse(given.GetRawText())!;
        wanted["stream"] = true;
        Expect(SameJson.Difference(JsonSerializer.SerializeToElement(wanted), Encoding.UTF8.GetBytes(request.ToJsonString())),
            $"the request ({policy})");
        return placed.Count;
    }

    // Takes a breakpoint of the policy out again. A text that had to become a block for it becomes a text again.
    private static void Undo(JsonNode request, JsonNode given, string path, string ttl)
    {
        var block = At(request, path) as JsonObject ?? throw new ReplayException(
            $"the receipt names {path}, which is no block of the request");
        var marker = block["cache_control"]?.ToJsonString() ?? throw new ReplayException($"{path} has no breakpoint");
        Expect(marker == (ttl == "1h" ? """{"type":"ephemeral","ttl":"1h"}""" : """{"type":"ephemeral"}"""),
            $"the breakpoint of {path} is {marker}");
        block.Remove("cache_control");
        var owner = path[..path.LastIndexOf('[')];
        if (At(given, owner) is not JsonValue text)
            return;
        var parent = owner.Contains('.', StringComparison.Ordinal) ? At(request, owner[..owner.LastIndexOf('.')])! : request;
        var name = owner[(owner.LastIndexOf('.') + 1)..];
        Expect(parent[name] is JsonArray { Count: 1 } && block.Count == 2
            && $"{block["text"]}" == $"{text}", $"{owner} was a text and is now {parent[name]}");
        parent[name] = text.DeepClone();
    }

    // A path as receipts write it: members, and places in brackets.
    private static JsonNode? At(JsonNode? json, string path)
    {
        foreach (var step in path.Replace("]", "", StringComparison.Ordinal).Split('.', '['))
            json = int.TryParse(step, out var index) ? json?[index] : json?[step];
        return json;
    }
}
