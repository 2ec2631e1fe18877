using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClawGrpc.Testing;
using ClawGrpc.V1;

namespace ClawGrpc.Replay;

/// <summary>The same recordings over HTTP.</summary>
public sealed partial class Replayer
{
    private static readonly byte[] Streaming = [.. """{"stream":true,"""u8, .. Prompt.AsSpan(1)];

    private async Task<string> ReplayOverHttpAsync(Recording recording)
    {
        await _auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = ProfileId });
        switch (recording.Kind)
        {
            case RecordingKind.Stream:
                return await StreamOverHttpAsync(recording);
            case RecordingKind.Message:
                Answer(recording, AnyPiece());
                var whole = await PostAsync(Prompt);
                Expect(whole.End == "ok", $"over HTTP it ends with {whole.End}");
                Expect(SameJson.Difference(Recording.Json(recording.Body), whole.Body), "the message over HTTP");
                return "the same over HTTP";
            case RecordingKind.Count:
                return await CountOverHttpAsync(recording);
            case RecordingKind.Error:
                Answer(recording, AnyPiece());
                CheckOverHttp(recording, await PostAsync(Prompt));
                await _auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = ProfileId });
                var answer = await PostAsync(Streaming);
                CheckOverHttp(recording, answer);
                return $"{answer.End} over HTTP";
            default:
                Answer(recording, AnyPiece());
                Expect((await PostAsync(Prompt)).End == "503 api_error", "over HTTP it passes for an answer");
                return "refused over HTTP";
        }
    }

    // Every byte up to message_stop, or up to what broke it and then an error event.
    private async Task<string> StreamOverHttpAsync(Recording recording)
    {
        Answer(recording, AnyPiece());
        var answer = await PostAsync(Streaming);
        var (recorded, given) = (recording.Body.ToArray(), answer.Body.ToArray());
        var events = recording.Events();
        if (answer.End == "ok")
        {
            Expect(recorded.AsSpan().StartsWith(given), $"over HTTP other bytes came: {Different(events, answer.Events)}");
            Expect(
                events.Select(TypeOf).ToList().IndexOf("message_stop") + 1 == answer.Events.Count,
                "over HTTP events are missing");
        }
        else if (answer.End == MessagesAnswer.Interrupted)
        {
            // What ends it is ours.
            var text = Encoding.Latin1.GetString(given);
            var relayed = given.AsSpan(0, text.LastIndexOf("event: error\n", StringComparison.Ordinal));
            Expect(recorded.AsSpan().StartsWith(relayed), $"over HTTP other bytes came: {Different(events, answer.Events)}");
            Expect(
                recording.Expected is null || answer.Events.Count - 1 == BreakOf([.. events.Select(TypeOf)]),
                "over HTTP events are missing");
        }
        else
        {
            Expect(
                answer.Status >= 400 && answer.Error.ValueKind == JsonValueKind.Object, $"over HTTP it ends with {answer.End}");
        }

        var fails = recording.Expected is { } expected && Member(expected, "final_message").ValueKind != JsonValueKind.Object;
        Expect(recording.Expected is null || (answer.End == "ok") != fails, $"over HTTP it ends with {answer.End}");
        if (recording.Expected is { } known && !fails)
        {
            await _auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = ProfileId });
            Expect(SameJson.Difference(Member(known, "final_message"), (await PostAsync(Prompt)).Body), "the message over HTTP");
        }

        return $"{given.Length} bytes the same over HTTP ({answer.End})";
    }

    private async Task<string> CountOverHttpAsync(Recording recording)
    {
        Answer(recording, AnyPiece(), "/v1/messages/count_tokens");
        sandbox.ClearRequests();
        var given = recording.Request is { } request ? Encoding.UTF8.GetBytes(request.GetRawText()) : Prompt;
        var counted = await PostAsync(given, "/v1/messages/count_tokens", Headers(recording, "none"));
        Expect(SameJson.Difference(Recording.Json(recording.Body), counted.Body), "the count over HTTP");
        if (recording.Request is { } wanted)
            Expect(SameJson.Difference(wanted, sandbox.Requests[0].Body), "the request to count over HTTP");
        return "the same over HTTP";
    }

    private static void CheckOverHttp(Recording recording, MessagesAnswer answer)
    {
        var body = Recording.Json(recording.Body);
        var inside = Member(body, "error");
        var message = Member(inside, "message") is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        var reason = MeaningOf(recording, message, $"{Member(Member(inside, "details"), "error_code")}");
        if (reason == ErrorReason.RequestRejected)
        {
            Expect(answer.Status == recording.Status, $"over HTTP the status is {answer.Status}");
            Expect(inside.ValueKind != JsonValueKind.Object || answer.Body.Span.SequenceEqual(recording.Body.Span),
                $"over HTTP upstream's words are others: {Encoding.UTF8.GetString(answer.Body.Span)}");
        }
        else
        {
            var end = MessagesAnswer.EndOf(JsonNamingPolicy.SnakeCaseUpper.ConvertName($"{reason}"));
            Expect(answer.End == end, $"over HTTP {recording.Status} {reason} is {answer.End} and not {end}");

            // Of a credential or an account the caller is told in other words: it is not the caller's.
            var isOfAccount = reason is ErrorReason.CredentialRejected or ErrorReason.AccountRefused or ErrorReason.Billing;
            Expect(message.Length == 0
                || $"{Member(answer.Error, "message")}".Contains(Cut(message), StringComparison.Ordinal) != isOfAccount,
                "over HTTP upstream's words are lost, or those of an account are told");
        }

        Expect(answer.Status != 429 || answer.Headers.ContainsKey("retry-after") || answer.Headers.ContainsKey("x-should-retry"),
            "over HTTP a 429 says nothing of a repeat");
        Expect(!answer.Headers.Keys.Any(name => name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase)),
            "over HTTP the answer tells of the credential");
    }

    // Sent as it was recorded: byte for byte with the policy off, and but for breakpoints and stream with it on.
    private async Task<string> RequestOverHttpAsync(Recording recording)
    {
        Answer(recording, AnyPiece());
        var given = Encoding.UTF8.GetBytes(recording.Request!.Value.GetRawText());
        foreach (var policy in new[] { "none", "short", "long" })
        {
            sandbox.ClearRequests();
            await _auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = ProfileId });
            var answer = await PostAsync(given, "/v1/messages", Headers(recording, policy));
            if (sandbox.Requests.Count == 0 && answer.Status is >= 400 and < 500 && recording.Status is >= 400 and < 500)
                return "refused over HTTP before it is sent";
            Expect(sandbox.Requests.Count > 0, $"over HTTP the request does not arrive: {answer.End}");
            var sent = sandbox.Requests[0];
            var (wanted, arrived) = (JsonNode.Parse(given)!, JsonNode.Parse(sent.Body.Span)!);
            if (policy == "none" && wanted["stream"]?.GetValue<bool>() == true)
                Expect(sent.Body.Span.SequenceEqual(given), "over HTTP the request arrives with other bytes");
            wanted["stream"] = true;
            if (policy != "none")
                WithoutBreakpoints(wanted, arrived);
            Expect(SameJson.Difference(JsonSerializer.SerializeToElement(wanted), Encoding.UTF8.GetBytes(arrived.ToJsonString())),
                $"the request over HTTP ({policy})");
            Expect(Betas(recording).All(sent.Betas.Contains), $"over HTTP of the betas arrived {string.Join(',', sent.Betas)}");
        }

        return "the same over HTTP";
    }

    // There is no receipt over HTTP: every breakpoint that was not sent is the policy's.
    private static void WithoutBreakpoints(JsonNode? wanted, JsonNode? arrived)
    {
        switch (arrived)
        {
            case JsonObject members:
                if (wanted is JsonObject same)
                {
                    if (!same.ContainsKey("cache_control"))
                        members.Remove("cache_control");
                    foreach (var (name, value) in members.ToList())
                    {
                        // A text that had to become a block for a breakpoint.
                        if (same[name] is JsonValue text && text.GetValueKind() == JsonValueKind.String
                            && value is JsonArray { Count: 1 } blocks && blocks[0] is JsonObject block)
                        {
                            block.Remove("cache_control");
                            Expect(block.Count == 2 && $"{block["text"]}" == $"{text}", $"over HTTP {name} is now {value}");
                            members[name] = text.DeepClone();
                        }
                        else
                        {
                            WithoutBreakpoints(same[name], value);
                        }
                    }
                }

                break;
            case JsonArray items when wanted is JsonArray others && others.Count == items.Count:
                for (var index = 0; index < items.Count; index++)
                    WithoutBreakpoints(others[index], items[index]);
                break;
        }
    }

    private static List<(string Name, string Value)> Headers(Recording recording, string policy) =>
    [
        ("x-clawgrpc-cache-retention", policy),
        .. recording.RequestHeaders.Where(header => header.Key is "anthropic-version" or "anthropic-beta")
            .Select(header => (header.Key, header.Value)),
    ];

    private async Task<MessagesAnswer> PostAsync(
        byte[] body, string path = "/v1/messages", IEnumerable<(string Name, string Value)>? headers = null)
    {
        using var longest = new CancellationTokenSource(Longest);
        return await new MessagesClient(http).PostAsync(body, path, headers, longest.Token);
    }
}
