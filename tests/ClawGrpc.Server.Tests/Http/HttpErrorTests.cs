using System.Text;
using ClawGrpc.Server.Tests.Harness;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>Statuses, types and headers of errors, which clients act on.</summary>
public class HttpErrorTests
{
    [Theory]
    [InlineData(529, "overloaded_error", 529, "overloaded_error", "1", "")]
    [InlineData(500, "api_error", 503, "api_error", "1", "")]
    [InlineData(429, "rate_limit_error", 429, "rate_limit_error", "60", "")]
    [InlineData(401, "authentication_error", 503, "api_error", "", "false")]
    [InlineData(402, "billing_error", 503, "api_error", "18000", "false")]
    [InlineData(403, "permission_error", 503, "api_error", "", "false")]
    public async Task Failure_of_a_route_is_never_the_callers(
        int upstreamStatus, string upstreamType, int status, string type, string retryAfter, string shouldRetry)
    {
        var json = $$$"""{"type":"error","error":{"type":"{{{upstreamType}}}","message":"no"}}""";
        await using var upstream = RawUpstream.Of(
            RawUpstream.Answer(
                $"{upstreamStatus} No\ncontent-type: application/json\nx-should-retry: false",
                Encoding.UTF8.GetBytes(json)));
        await using var fixture = await ServerFixture.StartAsync(upstream);
        var answer = await fixture.PostAsync(MessagesOverHttp.StreamBody);
        Assert.Equal((status, type), (answer.Status, answer.Type));
        Assert.Equal(retryAfter, answer.Headers.GetValueOrDefault("retry-after", ""));
        Assert.Equal(shouldRetry, answer.Headers.GetValueOrDefault("x-should-retry", ""));
        Assert.NotEmpty(answer.Headers["request-id"]);
    }

    [Theory]
    [InlineData("", 400, "invalid_request_error")]
    [InlineData("{", 400, "invalid_request_error")]
    [InlineData("[]", 400, "invalid_request_error")]
    [InlineData("""{"model":"openai/gpt","max_tokens":1,"messages":[{"role":"user","content":"x"}]}""", 404, "not_found_error")]
    public async Task Wrong_request_is_named(string body, int status, string type)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var answer = await fixture.PostAsync(body);
        Assert.Equal((status, type, "false"), (answer.Status, answer.Type, answer.Headers["x-should-retry"]));
    }

    [Fact]
    public async Task Version_is_required()
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var http = fixture.NewHttp();
        using var request = MessagesOverHttp.Request(MessagesOverHttp.Body);
        request.Headers.Remove("anthropic-version");
        using var response = await http.SendAsync(request);
        var answer = await HttpAnswer.OfAsync(response);
        Assert.Equal((400, "invalid_request_error"), (answer.Status, answer.Type));
        Assert.Contains("anthropic-version", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_that_is_too_long_is_told_so()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var answer = await fixture.PostAsync(new string(' ', (32 << 20) + 1));
        Assert.Equal((413, "request_too_large"), (answer.Status, answer.Type));
    }
}
