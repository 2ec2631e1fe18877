using System.Text;
using System.Text.Json;
using Anthropic.Models.Beta.Messages;
using ClawGrpc.Replay;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Recordings;

/// <summary>
/// The models of the official SDK, which know nothing of this project, on what arrives upstream and on what is folded.
/// </summary>
public class OfficialSdkTests
{
    private static readonly Dictionary<string, JsonElement> None = [];
    private static readonly List<Recording> All = [.. RecordedFolders.All.SelectMany(RecordingFolder.Read)];

    [Fact]
    public async Task SDK_accepts_requests_with_and_without_our_breakpoints()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var taken = 0;
        foreach (var recording in All.Where(
            recording => recording.Request is not null && recording.Status == 200 && recording.Kind != RecordingKind.Count))
        {
            fixture.Sandbox.ClearRequests();
            fixture.Sandbox.Script(new Fault { Replay = new() { Text = """{"content":[]}""" } });
            var given = recording.Request!.Value.GetRawText();
            var input = new CompletionInput
            {
                MessagesJson = ByteString.CopyFromUtf8(
                given),
                CacheRetention = CacheRetention.Long
            };
            await fixture.Models.CompleteAsync(new CompleteRequest { Input = input });
            var (before, after) =
                (VerdictOnRequest(Encoding.UTF8.GetBytes(given)), VerdictOnRequest(fixture.Sandbox.Requests[0].Body));
            Assert.True(before == after, $"{recording.Name}: {before ?? "taken"} and {after ?? "taken"}");
            taken += after is null ? 1 : 0;
        }

        Assert.True(taken > 5, $"{taken} requests were taken.");
    }

    [Fact]
    public async Task SDK_reads_our_folded_message_like_its_own()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var taken = 0;
        foreach (var recording in All.Where(recording => recording.Kind is RecordingKind.Stream or RecordingKind.Message))
        {
            var expected = recording.Kind == RecordingKind.Message ? Encoding.UTF8.GetString(recording.Body.Span)
                : recording.Expected is { } known
                && known.GetProperty("final_message") is { ValueKind: JsonValueKind.Object } message ? message.GetRawText()
                : null;
            if (expected is null)
                continue;
            fixture.Sandbox.Script(Faults.Replay(recording.Body));
            var folded = (await fixture.Models.CompleteAsync(
                new CompleteRequest { Input = Prompts.Input(), RawJson = true })).Completion.RawJson;
            var (wanted, given) = (VerdictOnMessage(expected), VerdictOnMessage(folded.ToStringUtf8()));
            Assert.True(wanted == given, $"{recording.Name}: {wanted ?? "taken"} and {given ?? "taken"}");
            taken += given is null ? 1 : 0;
        }

        Assert.True(taken > 10, $"{taken} messages were taken.");
    }

    // Null if it is taken, and the same when it is written again.
    private static string? VerdictOnMessage(string json)
    {
        try
        {
            var message = JsonSerializer.Deserialize<BetaMessage>(json)!;
            message.Validate();
            return SameJson.Difference(JsonDocument.Parse(json).RootElement, JsonSerializer.SerializeToUtf8Bytes(message));
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            return exception.GetType().Name;
        }
    }

    private static string? VerdictOnRequest(ReadOnlyMemory<byte> json)
    {
        try
        {
            var body = JsonDocument.Parse(json).RootElement.EnumerateObject()
                .ToDictionary(member => member.Name, member => member.Value);
            var request = MessageCreateParams.FromRawUnchecked(None, None, body);
            foreach (var message in request.Messages)
                message.Validate();
            foreach (var tool in request.Tools ?? [])
                tool.Validate();
            request.System?.Validate();
            request.ToolChoice?.Validate();
            request.Thinking?.Validate();
            return null;
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            return exception.GetType().Name;
        }
    }
}
