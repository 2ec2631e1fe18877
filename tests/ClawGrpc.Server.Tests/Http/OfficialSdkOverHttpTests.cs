using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>The official SDK in C#, with another base URL.</summary>
public class OfficialSdkOverHttpTests
{
    private static readonly MessageCreateParams Prompt = new()
    {
        Model = "claude-sonnet-4-6",
        MaxTokens = 64,
        Messages = [new UserMessageParam("Hello")],
    };

    [Fact]
    public async Task Create_stream_count_and_list()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("sdk", [V1.Scope.Complete, V1.Scope.Status]);
        using var http = fixture.NewHttp();
        var client = Of(http, token.Text);
        var message = await client.Messages.Create(Prompt);
        Assert.True(message.Content[0].TryPickText(out var text));
        Assert.Contains("This is the sandbox speaking", text!.Text, StringComparison.Ordinal);
        var streamed = "";
        await foreach (var each in client.Messages.CreateStreaming(Prompt))
        {
            if (each.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickText(out var piece))
                streamed += piece.Text;
        }

        Assert.Equal(text.Text, streamed);
        var counted = await client.Messages.CountTokens(new MessageCountTokensParams
        {
            Model = "claude-sonnet-4-6",
            Messages = [new UserMessageParam("Hello")],
        });
        Assert.True(counted.InputTokens > 0);
        var page = await client.Models.List();
        Assert.Contains(page.Items, model => model.ID == "claude-sonnet-4-6");
    }

    [Theory]
    [InlineData(400, 400, "invalid_request_error")]
    [InlineData(401, 503, "api_error")]
    [InlineData(429, 429, "rate_limit_error")]
    public async Task Errors_are_as_Anthropic_makes_them(int upstream, int status, string type)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("sdk", [V1.Scope.Complete]);
        using var http = fixture.NewHttp();
        fixture.Sandbox.Script(Faults.Status(upstream, "It says no.", retryAfter: "3600").Forever());
        var error = await Assert.ThrowsAnyAsync<AnthropicApiException>(() => Of(http, token.Text).Messages.Create(Prompt));
        Assert.Equal(status, (int)error.StatusCode);
        Assert.Contains($"\"type\":\"{type}\"", error.ResponseBody, StringComparison.Ordinal);
        Assert.Contains("\"request_id\":\"req_", error.ResponseBody, StringComparison.Ordinal);
        Assert.Single(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Token_that_is_none_is_an_error_of_authentication()
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var http = fixture.NewHttp();
        await Assert.ThrowsAsync<AnthropicUnauthorizedException>(() => Of(http, "claw_nonsense").Messages.Create(Prompt));
    }

    private static AnthropicClient Of(HttpClient http, string token) =>
        new() { HttpClient = http, BaseUrl = "http://localhost", ApiKey = token, MaxRetries = 2 };
}
