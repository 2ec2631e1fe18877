using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>An upstream that repeats the credential wherever it can, in every form; no RPC and no log line lets it out.</summary>
public class EchoTests
{
    private const string Key = "sk-ant-api03-FAKE-Echoed-Key-abcdefghijklmnop-0001";
    private const string Profile = "anthropic:echoed";

    private const string Delta = """data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"E"}}""";

    /// <summary>Answers to a completion, a count, a list, with E where the key is repeated.</summary>
    public static TheoryData<string, string> Places
    {
        get
        {
            const string limits = "429 Too Many Requests\nanthropic-ratelimit-unified-status: rejected\n";
            var places = new TheoryData<string, string>
            {
                { "400 Bad Request", Error("E", "message") },
                { "400 Bad Request", Error("type", "E") },
                { "400 Bad Request", """{"type":"error","error":{"type":"t","message":"m","details":{"error_code":"E"}}}""" },
                { "400 Bad Request", """{"type":"error","error":{"type":"t","message":"m"},"request_id":"E"}""" },
                { "400 Bad Request\nrequest-id: E", Error("t", "m") },
                { "401 Unauthorized", Error("authentication_error", "E E E") },
                { "403 Forbidden", """{"detail":"E"}""" },
                { "404 Not Found", "E" },
                { "404 Not Found", Error("not_found_error", "model: E") },
                { "413 Too Large", $"{new string('x', 590)}E" },
                { $"{limits}anthropic-ratelimit-unified-representative-claim: E", Error("rate_limit_error", "m") },
                { "429 Too Many Requests\nanthropic-ratelimit-E-remaining: 0", Error("rate_limit_error", "m") },
                { "500 Server Error", "<html>E</html>" },
                { "502 Bad Gateway", """{"error":"E"}""" },
                { "500 Server Error", $$"""{"error":{"type":"t","message":"{{Key[..30]}}""" },
                { "302 Found\nlocation: https://E", "E" },
                { "200 OK\nrequest-id: E\nanthropic-ratelimit-unified-status: E\nanthropic-ratelimit-E-limit: 7", Stream("") },
                { "200 OK\ncontent-type: text/E", "<html>" },
                { "200 OK\ncontent-encoding: E", "x" },
                { "200 OK", Stream("""data: {"type":"error","error":{"type":"E","message":"E"}}""") },
                { "200 OK", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"E\",\"message\":\"E\"}}\n\n" },
                { "200 OK", """{"type":"message","id":"E","model":"E","content":[{"type":"text","text":"E"}],"E":1}""" },
                { "200 OK", """{"type":"error","error":{"type":"E","message":"E"}}""" },
                { "200 OK", """{"input_tokens":3,"E":"E"}""" },
                { "200 OK", """{"data":[{"type":"model","id":"E","display_name":"E"}],"has_more":true,"last_id":"E"}""" },
            };
            foreach (var data in new[]
            {
                Delta,
                """data: {"type":"E","E":"E"}""",
                "event: E\ndata: {\"E\":1}",
                """data: {"type":"message_delta","delta":{"stop_reason":"E","E":1},"usage":{"E":"E"}}""",
                """data: {"type":"content_block_start","index":1,"content_block":{"type":"E","id":"E"}}""",
                "data: E",
            })
            {
                places.Add("200 OK", Stream(data));
            }

            return places;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Key_that_upstream_repeats_goes_nowhere(string head, string body)
    {
        // All forms at all places take minutes; one at each place finds a place that is left out, and a form.
        var forms = Forms(Key).ToList();
        foreach (var form in Runs.InFull ? forms : [forms[(head.Length + body.Length) % forms.Count]])
        {
            await using var upstream = RawUpstream.Of(_ => RawUpstream.Answer(
                head.Replace("E", form, StringComparison.Ordinal),
                Encoding.UTF8.GetBytes(body.Replace("E", form, StringComparison.Ordinal))));
            await using var fixture = await ServerFixture.PrepareAsync();
            await fixture.Files.ConfigureAsync(upstream.BaseUrl);
            await fixture.StartServerAsync();
            await fixture.OnboardAsync(Profile, Key);
            var heard = await AskEverythingAsync(fixture);
            await fixture.StopServerAsync();
            var log = string.Join('\n', fixture.Log.All);
            foreach (var secret in Forms(Key).Append(Key[..25]))
            {
                Assert.DoesNotContain(secret, heard, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(secret, log, StringComparison.OrdinalIgnoreCase);
            }
        }
    }

    // Every RPC; the status, the probes and the watcher repeat what upstream said before.
    private static async Task<string> AskEverythingAsync(ServerFixture fixture)
    {
        var heard = new Ear();
        var (auth, models) = (new AuthService.AuthServiceClient(fixture.Channel.Intercept(heard)),
            new ModelService.ModelServiceClient(fixture.Channel.Intercept(heard)));
        var input = Prompts.Input(with: each => each.Model = $"anthropic/claude-opus-4-6@{Profile}");
        await heard.TryAsync(async () => await models.CompleteAsync(new CompleteRequest { Input = input }));
        await heard.TryAsync(async () => await models.CompleteAsync(new CompleteRequest { Input = input, RawJson = true }));
        foreach (var raw in new[] { false, true })
        {
            using var stream = models.StreamComplete(new StreamCompleteRequest { Input = input, RawEvents = raw });
            await heard.TryAsync(async () => await HearAsync(heard, stream.ResponseStream));
        }

        await heard.TryAsync(async () => await models.CountTokensAsync(new CountTokensRequest { Input = input }));
        await heard.TryAsync(async () => await models.PlanCompletionAsync(new PlanCompletionRequest { Input = input }));
        await heard.TryAsync(async () => await models.ListModelsAsync(new ListModelsRequest()));
        using var probes = auth.ProbeProfiles(new ProbeProfilesRequest());
        await heard.TryAsync(async () => await HearAsync(heard, probes.ResponseStream));
        await heard.TryAsync(async () => await models.GetStatusAsync(new GetStatusRequest()));
        using var watch = models.WatchStatus(new WatchStatusRequest());
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
        heard.Hear(watch.ResponseStream.Current);
        foreach (var call in OtherCalls(auth, models))
            await heard.TryAsync(call);
        return heard.All;
    }

    private static IEnumerable<Func<Task>> OtherCalls(
        AuthService.AuthServiceClient auth, ModelService.ModelServiceClient models)
    {
        const string sonnet = "anthropic/claude-sonnet-4-6";
        yield return async () => await auth.ListAgentsAsync(new ListAgentsRequest());
        yield return async () => await auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { Profile } });
        yield return async () => await auth.GetProfileOrderAsync(new GetProfileOrderRequest { Provider = "anthropic" });
        yield return async () => await auth.ClearProfileOrderAsync(new ClearProfileOrderRequest { Provider = "anthropic" });
        yield return async () => await models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = sonnet });
        yield return async () => await models.AddModelAliasAsync(new AddModelAliasRequest { Alias = "quick", Model = sonnet });
        yield return async () => await models.RemoveModelAliasAsync(new RemoveModelAliasRequest { Alias = "quick" });
        yield return async () => await models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = sonnet });
        yield return async () => await models.RemoveModelFallbackAsync(new RemoveModelFallbackRequest { Model = sonnet });
        yield return async () => await models.ClearModelFallbacksAsync(new ClearModelFallbacksRequest());
        yield return async () => await auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = Profile });
        yield return async () => await auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = Profile });
    }

    private static async Task HearAsync<T>(Ear heard, IAsyncStreamReader<T> stream)
        where T : Google.Protobuf.IMessage
    {
        while (await stream.MoveNext(CancellationToken.None))
            heard.Hear(stream.Current);
    }

    // As it is, in other cases, and within base64 wherever it begins.
    private static IEnumerable<string> Forms(string key)
    {
        yield return key;
        yield return key.ToUpperInvariant();
        yield return key.ToLowerInvariant();
        foreach (var before in new[] { "", "a", "ab", "user:" })
            yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(before + key)).TrimEnd('=');
    }

    private static string Error(string type, string message) =>
        $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"}}""";

    private static string Stream(string data) => string.Concat(
        new[]
        {
            """data: {"type":"message_start","message":{"id":"msg","model":"m","role":"assistant","content":[]}}""",
            """data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            data,
            """data: {"type":"message_stop"}""",
        }.Select(each => $"{each}\n\n"));
}
