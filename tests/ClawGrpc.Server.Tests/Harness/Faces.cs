using System.Text;
using System.Text.Json;
using ClawGrpc.Replay;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>A way to the one completion path.</summary>
public enum Face
{
    /// <summary>ModelService.</summary>
    Grpc,

    /// <summary>The Messages API over HTTP.</summary>
    Http,
}

/// <summary>The same completion over either face: what must come of it is the same.</summary>
internal static class Faces
{
    /// <summary>A request for a short answer.</summary>
    public const string Body =
        """{"model":"claude-opus-4-6","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}""";

    private static readonly (string Name, string Value)[] WithFallbacks = [("x-clawgrpc-fallbacks", "allow")];

    public static TheoryData<Face> All => [Face.Grpc, Face.Http];

    /// <summary>Every row with every face.</summary>
    public static TheoryData<T, Face> With<T>(IEnumerable<T> rows)
    {
        var data = new TheoryData<T, Face>();
        foreach (var row in rows)
        {
            data.Add(row, Face.Grpc);
            data.Add(row, Face.Http);
        }

        return data;
    }

    /// <summary>The end of an answer that fails with this reason, upstream having answered with this status.</summary>
    /// <param name="face">The face.</param>
    /// <param name="reason">As of gRPC.</param>
    /// <param name="upstream">Upstream's status; 200 if it failed inside a stream.</param>
    public static string EndOf(Face face, string reason, int upstream = 200) => (face, reason) switch
    {
        (Face.Grpc, _) => reason,
        (_, "REQUEST_REJECTED") => upstream switch
        {
            404 => "404 not_found_error",
            413 => "413 request_too_large",
            _ => $"{Math.Max(400, upstream)} invalid_request_error",
        },
        _ => MessagesAnswer.EndOf(reason),
    };

    /// <summary>The whole answer over a face, in the way of the request.</summary>
    public static async Task<Answer> AskAsync(
        this ServerFixture fixture, Face face, bool stream = true, string body = Body, CancellationToken cancellation = default)
    {
        if (face == Face.Grpc)
        {
            var input = new CompletionInput { MessagesJson = ByteString.CopyFromUtf8(body) };
            return await (stream ? fixture.StreamAsync(input, cancellation: cancellation) : fixture.CompleteAsync(input));
        }

        using var http = fixture.NewHttp();
        var answer = await new MessagesClient(http).PostAsync(
            Encoding.UTF8.GetBytes(Of(body, stream)), headers: WithFallbacks, cancellation: cancellation);
        Assert.True(
            answer.Status == 200 || answer.Error.ValueKind == JsonValueKind.Object,
            $"{answer.Status} {Encoding.UTF8.GetString(answer.Body.Span)}");
        return new Answer { Text = answer.Text, Receipt = null, End = answer.End, Headers = answer.Headers };
    }

    /// <summary>A stream that the test reads by itself.</summary>
    public static OpenAnswer Open(this ServerFixture fixture, Face face, CancellationToken cancellation = default) =>
        face == Face.Grpc ? new OpenCall(fixture, cancellation) : new OpenResponse(fixture, cancellation);

    private static string Of(string body, bool stream) => stream ? "{\"stream\":true," + body[1..] : body;

    private sealed class OpenCall(ServerFixture fixture, CancellationToken cancellation) : OpenAnswer
    {
        private readonly AsyncServerStreamingCall<StreamCompleteResponse> _call = fixture.OpenStream(cancellation: cancellation);

        public override void Dispose() => _call.Dispose();

        protected override async Task<string?> NextAsync() =>
            await _call.ResponseStream.MoveNext(CancellationToken.None) ? Prompts.TextOf(_call.ResponseStream.Current) : null;
    }

    private sealed class OpenResponse : OpenAnswer
    {
        private readonly HttpClient _http;
        private readonly CancellationToken _cancellation;
        private readonly Task<HttpResponseMessage> _response;
        private StreamReader? _reader;

        public OpenResponse(ServerFixture fixture, CancellationToken cancellation)
        {
            (_http, _cancellation) = (fixture.NewHttp(), cancellation);
            _response = _http.SendAsync(
                MessagesClient.Request(Encoding.UTF8.GetBytes(Of(Body, stream: true)), "/v1/messages"),
                HttpCompletionOption.ResponseHeadersRead, cancellation);

            // Who leaves between two reads closes the connection.
            cancellation.Register(Dispose);
        }

        public override void Dispose()
        {
            if (_response.IsCompletedSuccessfully)
                _response.Result.Dispose();
            _http.Dispose();
        }

        protected override async Task<string?> NextAsync()
        {
            var response = await _response;
            _reader ??= new StreamReader(await response.Content.ReadAsStreamAsync(_cancellation), bufferSize: 256);
            var lines = new StringBuilder();
            while (await _reader.ReadLineAsync(_cancellation) is { } line)
            {
                lines.Append(line).Append('\n');
                if (line.Length > 0)
                    continue;
                var one = new MessagesAnswer(
                    200, new Dictionary<string, string> { ["content-type"] = "text/event-stream" },
                    Encoding.UTF8.GetBytes($"{lines}"));
                End = one.End;
                return one.Text;
            }

            return null;
        }
    }
}

/// <summary>An answer under way.</summary>
internal abstract class OpenAnswer : IDisposable
{
    /// <summary>Over HTTP, what the last event says of the end.</summary>
    public string? End { get; protected set; }

    /// <summary>Waits for the next event. False: there is none.</summary>
    public async Task<bool> MoveNextAsync() => await NextAsync() is not null;

    /// <summary>Reads until this much of the answer has come.</summary>
    public async Task ReadTextAsync(string text)
    {
        for (var come = ""; come != text;)
        {
            come += await NextAsync() ?? throw new InvalidOperationException("The answer ended.");
            Assert.StartsWith(come, text, StringComparison.Ordinal);
        }
    }

    /// <summary>Reads to the end.</summary>
    public async Task ReadToEndAsync()
    {
        while (await NextAsync() is not null)
        {
            // Read and forgotten.
        }
    }

    public abstract void Dispose();

    /// <summary>The text of the next event; null if there is none.</summary>
    protected abstract Task<string?> NextAsync();
}
