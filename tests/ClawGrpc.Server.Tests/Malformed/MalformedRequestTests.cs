using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ClawGrpc.Replay;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;
using Xunit.Abstractions;

namespace ClawGrpc.Server.Tests.Malformed;

/// <summary>
/// Whatever a caller sends: an answer or one error that names what is wrong, no fault of ours, no hang, nothing kept.
/// </summary>
[Collection("Malformed")]
public class MalformedRequestTests(ITestOutputHelper output)
{
    private const int AtOnce = 8;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes);
    private static readonly List<byte[]> Bodies = [.. RecordedFolders.All.SelectMany(RecordingFolder.Read)
        .Where(recording => recording.Request is not null)
        .Select(recording => Encoding.UTF8.GetBytes(recording.Request!.Value.GetRawText()))];

    // None that changes what the next ones find.
    private static readonly (string Rpc, IMessage Message)[] Messages =
    [
        ("ModelService/Complete", new CompleteRequest { Input = Typed() }),
        ("ModelService/CountTokens", new CountTokensRequest { Input = Typed() }),
        ("ModelService/PlanCompletion", new PlanCompletionRequest { Input = Typed() }),
        ("ModelService/GetStatus", new GetStatusRequest { AgentId = "main" }),
        ("ModelService/ListModels", new ListModelsRequest { AgentId = "main", PageSize = 5, PageToken = "x" }),
        ("AuthService/GetProfileOrder", new GetProfileOrderRequest { AgentId = "main", Provider = "anthropic" }),
        ("AuthService/ResetProfile", new ResetProfileRequest { ProfileId = Credentials.One }),
        ("ModelService/SetDefaultModel", new SetDefaultModelRequest()),
    ];

    private static readonly string[] Headers =
    [
        "anthropic-version", "anthropic-beta", "anthropic-new", "x-clawgrpc-agent", "x-clawgrpc-session", "x-clawgrpc-profile",
        "x-clawgrpc-cache-retention", "x-clawgrpc-fallbacks", "x-clawgrpc-none", "x-claude-code-session-id", "content-encoding",
    ];

    // A channel remembers every method it has called.
    private static readonly Dictionary<string, Method<byte[], byte[]>> Methods = Messages.ToDictionary(
        each =>
            each.Rpc, each =>
                new Method<byte[], byte[]>(
                    MethodType.Unary, "clawgrpc.v1." + each.Rpc.Split('/')[0], each.Rpc.Split('/')[1], Bytes, Bytes));

    [Fact]
    public async Task Malformed_requests_are_answered_or_refused_with_a_reason()
    {
        await using var fixture = await ServerFixture.StartAsync(
            sandbox: new SandboxOptions { KeepRequests = 20 }, provider: $"apiKey: '{Credentials.KeyOne}'");
        using var frames = new HttpMessageInvoker(fixture.NewHandler());
        using var http = fixture.NewHttp();

        // Until pools of buffers have as many as are ever used at once.
        await SendAsync(fixture, frames, http, 10_000, Runs.Of(few: 300, full: 10_000));
        fixture.Log.Clear();
        var before = Alive.Bytes();
        var ends = await SendAsync(fixture, frames, http, 10_000, Runs.Of(few: 800, full: 10_000));
        Assert.DoesNotContain(fixture.Log.All, line => line.StartsWith("Error ClawGrpc", StringComparison.Ordinal));
        fixture.Log.Clear();
        var after = Alive.Bytes();
        var counts = string.Join(", ", ends.OrderByDescending(end => end.Value).Select(end => $"{end.Value} {end.Key}"));
        output.WriteLine($"{counts}; managed memory {before / 1024} and {after / 1024} kB");

        // Other tests share this memory; by themselves these keep nothing.
        Assert.True(!Runs.InFull || after < before + (8 * 1024 * 1024), $"{before} bytes before and {after} after");
        Assert.Subset(ends.Keys.ToHashSet(), new HashSet<string>
        {
            "ok", "INVALID_FIELD", "REQUEST_REJECTED", "400 invalid_request_error", "404 not_found_error",
        });
        Assert.Equal("end_turn", (await fixture.CompleteAsync()).Served.StopReason);
    }

    private static async Task<Dictionary<string, int>> SendAsync(
        ServerFixture fixture, HttpMessageInvoker frames, HttpClient http, int first, int count)
    {
        var ends = new Dictionary<string, int>();
        await Parallel.ForAsync(
            first, first + count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, cancellation) =>
        {
            var random = new Random(seed);
            string end;
            try
            {
                end = await (random.Next(10) switch
                {
                    0 => SendFrameAsync(frames, random),
                    < 4 => SendMessageAsync(fixture, random),
                    < 7 => SendJsonAsync(fixture, random),
                    _ => SendOverHttpAsync(http, random),
                }).WaitAsync(Longest, cancellation);
            }
            catch (RpcException exception)
            {
                Assert.True(
                    exception.StatusCode is not (StatusCode.Internal or StatusCode.Unknown), $"seed {seed}: {exception.Status}");
                end = new CallFailure(exception).Reason;
            }
            catch (HttpRequestException exception) when (exception.HttpRequestError == HttpRequestError.HttpProtocolError)
            {
                // A path with a zero in it is none for the web server already.
                end = "HTTP/2 reset";
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                throw new InvalidOperationException($"seed {seed}: {exception.Message}", exception);
            }

            lock (ends)
                ends[end] = ends.GetValueOrDefault(end) + 1;
        });
        return ends;
    }

    // The bytes of a message, damaged, in a frame that is whole.
    private static async Task<string> SendMessageAsync(ServerFixture fixture, Random random)
    {
        var (rpc, message) = Messages[random.Next(Messages.Length)];
        var bytes = FuzzInput.OfBytes(random, message.ToByteArray());
        if (random.Next(4) > 0)
            bytes = FuzzInput.OfBytes(random, bytes);
        using var call = fixture.Channel.CreateCallInvoker().AsyncUnaryCall(Methods[rpc], null, new CallOptions(), bytes);
        await call;
        return "ok";
    }

    // A request as JSON, damaged as text or in its values.
    private static async Task<string> SendJsonAsync(ServerFixture fixture, Random random)
    {
        var input = new CompletionInput
        {
            MessagesJson = ByteString.CopyFrom(DamagedJson(random)),
            CacheRetention = (CacheRetention)random.Next(4)
        };
        using var call = fixture.Models.StreamComplete(
            new StreamCompleteRequest { Input = input, RawEvents = random.Next(2) == 0 });
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            // To its end.
        }

        return "ok";
    }

    // The same over HTTP, with headers of ours and of Anthropic's that may be wrong.
    private static async Task<string> SendOverHttpAsync(HttpClient http, Random random)
    {
        const string count = "/v1/messages/count_tokens";
        var path = random.Next(10) switch
        {
            0 => count,
            1 => "/anthropic/v1/messages?beta=true",
            2 => "/v1/none",
            _ => "/v1/messages",
        };
        var headers = Headers.Where(_ => random.Next(6) == 0)
            .Select(name => (name, Encoding.Latin1.GetString(FuzzInput.OfBytes(random, "short"u8.ToArray()))))
            .Where(header => header.Item2.All(letter => letter is >= ' ' and <= '~'));
        var answer = await new MessagesClient(http).PostAsync(DamagedJson(random), path, headers);
        if (answer.Status == 200)
        {
            Assert.True(path == count || answer.End == "ok", answer.End);
            return "ok";
        }

        Assert.InRange(answer.Status, 400, 499);
        Assert.NotEmpty($"{answer.Error.GetProperty("message")}");
        return answer.End;
    }

    private static byte[] DamagedJson(Random random)
    {
        var json = Bodies[random.Next(Bodies.Count)];
        for (var times = random.Next(1, 4); times > 0; times--)
            json = random.Next(4) == 0 ? FuzzInput.OfBytes(random, json) : FuzzInput.OfJson(random, json);
        return json;
    }

    // A frame whose head does not say what follows it, or a request that is not quite one of gRPC.
    private static async Task<string> SendFrameAsync(HttpMessageInvoker frames, Random random)
    {
        var (rpc, message) = Messages[random.Next(Messages.Length)];
        var body = message.ToByteArray();
        var length = random.Next(
            6) switch
        { 0 => 0, 1 => body.Length + 1, 2 => body.Length - 1, 3 => int.MaxValue, 4 => -1, _ => body.Length };
        byte[] head = [(byte)random.Next(3), (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];
        byte[] frame = random.Next(6) switch
        {
            0 => [],
            1 => head[..random.Next(5)],
            2 => [.. head, .. body, .. head, .. body],
            3 => FuzzInput.OfBytes(random, [.. head, .. body]),
            _ => [.. head, .. body]
        };
        var path = random.Next(12) switch
        {
            0 => "clawgrpc.v1.ModelService/None",
            1 => "none",
            2 => $"clawgrpc.v1.{rpc}/%00",
            _ => $"clawgrpc.v1.{rpc}"
        };
        using var request = new HttpRequestMessage(
            random.Next(12) == 0 ? HttpMethod.Get : HttpMethod.Post, $"http://localhost/{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (request.Method == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent(frame);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(
                random.Next(12) switch { 0 => "application/json", 1 => "application/grpc+json", _ => "application/grpc" });
        }

        if (random.Next(12) > 0)
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (random.Next(12) == 0)
            request.Headers.Add("grpc-timeout", random.Next(2) == 0 ? "nonsense" : "99999999999H");
        if (random.Next(12) == 0)
            request.Headers.Add("grpc-encoding", random.Next(2) == 0 ? "gzip" : "brotli");
        using var response = await frames.SendAsync(request, CancellationToken.None);
        await response.Content.ReadAsByteArrayAsync();
        return EndOf(response);
    }

    private static string EndOf(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            Assert.InRange((int)response.StatusCode, 400, 499);
            return $"HTTP {(int)response.StatusCode}";
        }

        HttpHeaders end = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        var status = (StatusCode)int.Parse(
            end.GetValues("grpc-status").Single(), System.Globalization.CultureInfo.InvariantCulture);
        if (status == StatusCode.OK)
            return "ok";
        var trailers = new Metadata();
        if (end.TryGetValues("grpc-status-details-bin", out var details))
        {
            trailers.Add("grpc-status-details-bin", Convert.FromBase64String(
                details.Single() + new string('=', (4 - (details.Single().Length % 4)) % 4)));
        }
        throw new RpcException(new Status(
            status, Uri.UnescapeDataString(end.TryGetValues("grpc-message", out var message) ? message.Single() : "")), trailers);
    }

    // Something of every kind of block.
    private static CompletionInput Typed() => Prompts.Input("Hello", input =>
    {
        input.Model = "claude-opus-4-6";
        input.SessionId = "session";
        input.Betas.Add("files-api-2025-04-14");
        input.Messages.System.Add(Prompts.Text("Be brief."));
        var schema = ByteString.CopyFromUtf8("""{"type":"object"}""");
        input.Messages.Tools.Add(new Tool { Custom = new CustomTool { Name = "now", InputSchemaJson = schema } });
        var image = new Source { Data = new InlineData { MediaType = "image/png", Data = ByteString.CopyFromUtf8("png") } };
        input.Messages.Messages[0].Content.Add(new ContentBlock { Image = new ImageBlock { Source = image } });
        input.Messages.Messages[0].Content.Add(new ContentBlock
        {
            RawJson = ByteString.CopyFromUtf8(
            """{"type":"text","text":"raw"}"""),
            CacheControl = new CacheControl { Ttl = "1h" }
        });
        var use = new ToolUseBlock { Id = "toolu_1", Name = "now", InputJson = ByteString.CopyFromUtf8("{}") };
        input.Messages.Messages.Add(new Message { Role = Role.Assistant, Content = { new ContentBlock { ToolUse = use } } });
        var result = new ToolResultBlock { ToolUseId = "toolu_1", Content = { Prompts.Text("12:00") } };
        input.Messages.Messages.Add(new Message { Role = Role.User, Content = { new ContentBlock { ToolResult = result } } });
        input.Messages.ExtraJson = ByteString.CopyFromUtf8("""{"metadata":{"user_id":"u"}}""");
    });
}
