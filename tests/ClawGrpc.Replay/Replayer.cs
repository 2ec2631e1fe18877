using System.Text;
using ClawGrpc.Client;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace ClawGrpc.Replay;

/// <summary>It did not come out as it was recorded; the message says where.</summary>
public sealed class ReplayException(string message) : Exception(message);

/// <summary>
/// Replays recordings through a server: the sandbox is its upstream and answers what was recorded, in pieces of random sizes,
/// and what the server makes of it is held against the recording.
/// </summary>
/// <param name="sandbox">The server's upstream. Its script and its log are the replayer's while it works.</param>
/// <param name="channel">To the server.</param>
/// <param name="http">To its Messages API over HTTP.</param>
/// <param name="random">The sizes of the pieces.</param>
public sealed partial class Replayer(Sandbox sandbox, GrpcChannel channel, HttpClient http, Random random)
{
    public const string ProfileId = "anthropic:replay";
    private const string Key = "sk-ant-api03-FAKE-replay-key-0000000000000001";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly byte[] Prompt =
        """{"model":"claude-opus-4-6","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}"""u8.ToArray();
    private readonly ModelService.ModelServiceClient _models = new(channel);
    private readonly AuthService.AuthServiceClient _auth = new(channel);

    /// <summary>Gives the server a credential. Once, before the first recording.</summary>
    public async Task BeginAsync() =>
        await _auth.OnboardAsync(new OnboardRequest { ProfileId = ProfileId, ApiKey = new ApiKeyCredential { Key = Key } });

    /// <summary>Replays one.</summary>
    /// <returns>What was held against it.</returns>
    /// <exception cref="ReplayException">It came out differently.</exception>
    public async Task<string> ReplayAsync(Recording recording)
    {
        try
        {
            var answer = recording.Kind switch
            {
                RecordingKind.Stream => await ReplayStreamAsync(recording),
                RecordingKind.Message => await ReplayMessageAsync(recording),
                RecordingKind.Count => await ReplayCountAsync(recording),
                RecordingKind.Error => await ReplayErrorAsync(recording),
                _ => await ReplayOtherAsync(recording),
            };
            answer += $"; {await ReplayOverHttpAsync(recording)}";
            return recording.Request is null || recording.Kind == RecordingKind.Count
                ? answer
                : $"{answer}; {await ReplayRequestAsync(recording)}; {await RequestOverHttpAsync(recording)}";
        }
        catch (RpcException exception)
        {
            throw new ReplayException($"the call failed: {exception.StatusCode} {exception.Status.Detail}");
        }
        finally
        {
            sandbox.ClearScript();
            sandbox.ClearRequests();
            await _auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = ProfileId });
        }
    }

    private static CompletionInput Input(ReadOnlySpan<byte> json) => new() { MessagesJson = ByteString.CopyFrom(json) };

    private static DateTime Deadline => DateTime.UtcNow + Longest;

    private async Task<CompleteResponse> CompleteAsync(CompletionInput input, bool raw) =>
        await _models.CompleteAsync(new CompleteRequest { Input = input, RawJson = raw }, deadline: Deadline);

    /// <summary>Everything that came, and the error that ended it; null if it ended well.</summary>
    private async Task<(List<StreamCompleteResponse> Parts, ClawGrpcError? Error)> StreamAsync(CompletionInput input, bool raw)
    {
        var parts = new List<StreamCompleteResponse>();
        try
        {
            using var call = _models.StreamComplete(
                new StreamCompleteRequest { Input = input, RawEvents = raw }, deadline: Deadline);
            await foreach (var part in call.ResponseStream.ReadAllAsync())
                parts.Add(part);
            return (parts, null);
        }
        catch (RpcException exception)
        {
            return (parts, ErrorOf(exception));
        }
    }

    private static async Task<ClawGrpcError> FailsAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (RpcException exception)
        {
            return ErrorOf(exception);
        }

        throw new ReplayException("it did not fail");
    }

    // An error of the service and no other: with its reason, and in words.
    private static ClawGrpcError ErrorOf(RpcException exception)
    {
        var error = ClawGrpcError.From(exception);
        Expect(error.ReasonName.Length > 0, $"an error without a reason: {exception.StatusCode} {exception.Status.Detail}");
        Expect(error.Code is not (StatusCode.Internal or StatusCode.Unknown), $"{error.Code}: {error.Message}");
        Expect(error.Message.Length > 0, $"{error.Code} {error.ReasonName} in no words");
        return error;
    }

    /// <summary>Has upstream answer so until told otherwise.</summary>
    private string Answer(Recording recording, int most, string path = "/v1/messages")
    {
        sandbox.ClearScript();
        sandbox.Script(new Fault
        {
            Times = Fault.Forever,
            Match = new() { Path = path },
            Replay = new() { Bytes = recording.Body, Status = recording.Status, Headers = HeadersOf(recording) },
            Chunks = new(most, random.Next()),
        });
        return $"{most}";
    }

    // Of the sandbox's own headers none that would tell of another answer.
    private static Dictionary<string, string> HeadersOf(Recording recording) =>
        new(recording.Headers, StringComparer.OrdinalIgnoreCase)
        {
            ["request-id"] = recording.Headers.GetValueOrDefault("request-id") ?? "",
        };

    private int AnyPiece() => 1 << random.Next(1, 14);

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds)
            throw new ReplayException(otherwise);
    }

    private static void Expect(string? difference, string what)
    {
        if (difference is not null)
            throw new ReplayException($"{what}: {difference}");
    }

    private static string Cut(string text) => text.Length <= 200 ? text : text[..200];

    private static string Text(ByteString json) => Encoding.UTF8.GetString(json.Span);
}
