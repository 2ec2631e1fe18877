using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using static ClawGrpc.Server.Tests.Harness.Credentials;
using static ClawGrpc.Server.Tests.Refusing.BadCredentialTests;

namespace ClawGrpc.Server.Tests.Refusing;

/// <summary>ModelService given what it cannot take: one clear error, nothing sent upstream, nothing changed.</summary>
public class BadCompletionTests
{
    private static readonly Dictionary<string, (CompletionInput Input, string Field)> Inputs = new()
    {
        ["no prompt"] = (new(), "input.prompt"),
        ["no messages"] = (new() { Messages = new() { MaxTokens = 5 } }, "input.messages.messages"),
        ["a message without a role"] = (
            new() { Messages = new() { Messages = { new Message { Content = { Prompts.Text("x") } } } } },
            "input.messages.messages[0].role"),
        ["a message without content"] = (new() { Messages = new() { Messages = { new Message { Role = Role.User } } } },
            "input.messages.messages[0].content"),
        ["an empty block"] = (
            new() { Messages = new() { Messages = { new Message { Role = Role.User, Content = { new ContentBlock() } } } } },
            "input.messages.messages[0].content[0]"),
        ["a beta with a line break"] = (Prompts.Input(with: input => input.Betas.Add("a\r\nx-api-key: b")), "input.betas[0]"),
        ["a beta with a comma"] =
            (Prompts.Input(with: input => input.Betas.Add(["good-2025-01-01", "a,b"])), "input.betas[1]"),
        ["a beta with a line break at its end"] =
            (Prompts.Input(with: input => input.Betas.Add("files-api-2025-04-14\n")), "input.betas[0]"),
        ["an empty beta"] = (Prompts.Input(with: input => input.Betas.Add("")), "input.betas[0]"),
        ["a version that is no date"] =
            (Prompts.Input(with: input => input.AnthropicVersion = "latest"), "input.anthropic_version"),
        ["a version with a line break at its end"] =
            (Prompts.Input(with: input => input.AnthropicVersion = "2023-06-01\n"), "input.anthropic_version"),
        ["a version in other digits"] =
            (Prompts.Input(with: input => input.AnthropicVersion = "٢٠٢٣-٠٦-٠١"), "input.anthropic_version"),
        ["a retention that is none"] =
            (Prompts.Input(with: input => input.CacheRetention = (CacheRetention)77), "input.cache_retention"),
        ["an endless session"] = (Prompts.Input(with: input => input.SessionId = new string('s', 201)), "input.session_id"),
        ["a model that is no name"] = (Prompts.Input(with: input => input.Model = "/"), "input.model"),
        ["text that is no JSON"] = (Json("Hello"), "input.messages_json"),
        ["half of a JSON"] = (Json("""{"messages":[{"role":"user","content":"Hi"}"""), "input.messages_json"),
        ["two JSONs"] = (Json("""{"messages":[{"role":"user","content":"Hi"}]} {}"""), "input.messages_json"),
        ["JSON that is no object"] = (Json("[1]"), "input.messages_json"),
        ["JSON that is no UTF-8"] =
            (new() { MessagesJson = ByteString.CopyFrom([.. "{\"messages\":\""u8, 0xFF, .. "\"}"u8]) }, "input.messages_json"),
        ["JSON without messages"] = (Json("""{"max_tokens":5}"""), "input.messages_json.messages"),
        ["JSON that is as deep as the sea"] = (Json("{\"messages\":" + new string('[', 100_000)), "input.messages_json"),
        ["extra that is no JSON"] = (Prompts.Input(
            with: input => input.Messages.ExtraJson = ByteString.CopyFromUtf8("{oops")), "input.messages.extra_json"),
    };

    public static TheoryData<string> Cases => [.. Inputs.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_input_that_cannot_be_taken_is_refused_by_its_field(string name)
    {
        var (input, field) = Inputs[name];
        await using var fixture = await WithTwoKeysAsync();
        await RefusesAsync(fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () => await fixture.Models.CompleteAsync(
            new CompleteRequest { Input = input }), field);
        await RefusesAsync(fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () =>
            await fixture.Models.StreamComplete(
                new StreamCompleteRequest { Input = input }).ResponseStream.MoveNext(CancellationToken.None), field);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task No_input_at_all_is_refused_too()
    {
        await using var fixture = await WithTwoKeysAsync();
        await RefusesAsync(fixture, StatusCode.InvalidArgument, "INVALID_FIELD", async () => await fixture.Models.CompleteAsync(
            new CompleteRequest()), "input");
    }

    [Theory]
    [InlineData("openai/gpt-5.2", "openai/gpt-5.2")]
    [InlineData("anthropic/claude-opus-4-5", "anthropic/claude-opus-4-5")]
    [InlineData("claude-opus-4-5@anthropic:one", "anthropic/claude-opus-4-5")]
    public async Task A_model_that_is_not_allowed_or_not_served_is_not_found(string model, string told)
    {
        await using var fixture =
            await WithTwoKeysAsync("""agents: { defaults: { models: { "anthropic/claude-opus-4-6": {} } } }""");
        var failed = await RefusesAsync(fixture, StatusCode.NotFound, "MODEL_NOT_FOUND", async () =>
            await fixture.Models.CompleteAsync(
                new CompleteRequest { Input = Prompts.Input(with: input => input.Model = model) }));
        Assert.Equal(told, failed.Facts["model"]);
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Unknown_model_is_refused_with_upstreams_message()
    {
        await using var fixture = await WithTwoKeysAsync();
        var failed = (await fixture.StreamAsync(Prompts.Input(with: input => input.Model = "claude-none"))).Failed;
        Assert.Equal(
            (StatusCode.NotFound, "MODEL_NOT_FOUND", "model: claude-none"), (failed.Code, failed.Reason, failed.Message));
        Assert.Equal(2, fixture.Sandbox.Requests.Count);
    }

    [Fact]
    public async Task A_message_of_40_MB_is_refused_and_one_of_32_goes_through()
    {
        await using var fixture = await WithTwoKeysAsync();
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = fixture.NewHandler(),
            DisposeHttpClient = true,
            MaxSendMessageSize = null,
        });
        var models = new ModelService.ModelServiceClient(channel);
        var before = fixture.Files.Snapshot();
        var refused = await CallFailure.OfAsync(
            async () => await models.CompleteAsync(new CompleteRequest { Input = Large(40) }));
        Assert.Equal((StatusCode.InvalidArgument, "INVALID_FIELD"), (refused.Code, refused.Reason));
        Assert.StartsWith("request: Expected at most 37748736 bytes", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, fixture.Files.Snapshot());
        Assert.Empty(fixture.Sandbox.Requests);

        // What is too large for upstream is upstream's to say.
        Assert.Equal("REQUEST_REJECTED", (await CallFailure.OfAsync(
            async () => await models.CompleteAsync(new CompleteRequest { Input = Large(33) }))).Reason);
        const string stream = """
            event: message_start
            data: {"type":"message_start","message":{"content":[{"type":"text","text":"Much."}],"stop_reason":"end_turn"}}

            event: message_stop
            data: {"type":"message_stop"}


            """;
        fixture.Sandbox.Script(Faults.Replay(System.Text.Encoding.UTF8.GetBytes(stream)));
        Assert.Equal("end_turn", (await models.CompleteAsync(new CompleteRequest { Input = Large(31) })).Completion.StopReason);
        Assert.True(fixture.Sandbox.Requests[^1].Body.Length > 30 * 1024 * 1024);
    }

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(0, int.MinValue)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public async Task Any_heartbeat_is_taken_as_the_nearest_one_that_can_be(long seconds, int nanos)
    {
        await using var fixture = await WithTwoKeysAsync();
        using var watch = fixture.Models.WatchStatus(
            new WatchStatusRequest { Heartbeat = new Duration { Seconds = seconds, Nanos = nanos } });
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task Pages_and_model_edits_name_their_wrong_field()
    {
        await using var fixture = await WithTwoKeysAsync();
        const StatusCode code = StatusCode.InvalidArgument;
        const string reason = "INVALID_FIELD";
        await RefusesAsync(fixture, code, reason, async () => await fixture.Models.ListModelsAsync(
            new ListModelsRequest { PageSize = -1 }), "page_size");
        await RefusesAsync(fixture, code, reason, async () => await fixture.Models.ListModelsAsync(
            new ListModelsRequest { PageToken = "nope" }), "page_token");
        await RefusesAsync(fixture, code, reason, async () => await fixture.Auth.ListAgentsAsync(
            new ListAgentsRequest { PageSize = 1001 }), "page_size");
        await RefusesAsync(fixture, code, reason, async () => await fixture.Models.SetDefaultModelAsync(
            new SetDefaultModelRequest { Model = " " }), "model");
        await RefusesAsync(fixture, code, reason, async () => await fixture.Models.AddModelAliasAsync(
            new AddModelAliasRequest { Model = "a/b" }), "alias");
        await RefusesAsync(fixture, StatusCode.NotFound, "MODEL_NOT_FOUND", async () =>
            await fixture.Models.RemoveModelAliasAsync(new RemoveModelAliasRequest { Alias = "nope" }));
    }

    private static CompletionInput Json(string json) => new() { MessagesJson = ByteString.CopyFromUtf8(json) };

    private static CompletionInput Large(int megabytes) => Prompts.Input(new string('x', megabytes * 1024 * 1024 - 1000));
}
