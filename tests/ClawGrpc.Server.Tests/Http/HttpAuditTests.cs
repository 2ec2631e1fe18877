using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>What holds of callers over gRPC holds of them here: the audit, limits, and ends.</summary>
public class HttpAuditTests
{
    [Fact]
    public async Task Completions_and_denied_calls_are_in_the_audit()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete]);
        var watcher = await fixture.AddClientAsync("watcher", [Scope.Status]);
        foreach (var body in new[] { MessagesOverHttp.Body, MessagesOverHttp.StreamBody })
            await fixture.PostAsync(body, ("x-api-key", token.Text));
        var done = await fixture.AuditAsync("completion", 2);
        Assert.All(done, line => Assert.Equal(
            ("v1/messages", "ci", "main", Credentials.One, "anthropic/claude-sonnet-4-6", "ok"),
            (line.Text("rpc"), line.Text("actor", "client"), line.Text("agent"), line.Text("profile"), line.Text("model"),
                line.Text("outcome"))));
        Assert.NotEqual("", done[0].Text("input_tokens"));

        Assert.Equal(403, (await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", watcher.Text))).Status);
        Assert.Equal(401, (await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", "nonsense"))).Status);
        var denied = await fixture.AuditAsync("denied", 2);
        Assert.Equal(["SCOPE_MISSING", "UNAUTHENTICATED"], denied.Select(line => line.Text("reason")).Order());
        fixture.Sandbox.Script(Faults.Status(429).Forever());
        Assert.Equal(429, (await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", token.Text))).Status);
        var refused = (await fixture.AuditAsync("completion", 3))[^1];
        Assert.Equal(("refused", "RATE_LIMITED"), (refused.Text("outcome"), refused.Text("reason")));
    }

    [Fact]
    public async Task Requests_of_a_minute_and_completions_at_once_are_limited()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var often = await fixture.AddClientAsync(
            "often", [Scope.Complete], client => client.Limits = new ClientLimits { RequestsPerMinute = 1 });
        Assert.Equal(200, (await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", often.Text))).Status);
        var answer = await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", often.Text));
        Assert.Equal((429, "rate_limit_error"), (answer.Status, answer.Type));
        Assert.InRange(int.Parse(answer.Headers["retry-after"], System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        Assert.DoesNotContain("x-should-retry", answer.Headers.Keys);

        var one = await fixture.AddClientAsync(
            "one", [Scope.Complete], client => client.Limits = new ClientLimits { Completions = 1 });
        fixture.Sandbox.Script(Faults.StallBeforeHeaders());
        var first = fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", one.Text));
        await fixture.Sandbox.WaitForRequestsAsync(2);
        Assert.Equal(429, (await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", one.Text))).Status);
        await fixture.StopServerAsync();
        await Task.WhenAny(first);
    }

    [Fact]
    public async Task Revoked_token_ends_the_answer()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete]);
        fixture.Sandbox.Script(Faults.Stall(6));
        using var http = fixture.NewHttp();
        using var response = await http.SendAsync(
            MessagesOverHttp.Request(MessagesOverHttp.StreamBody, headers: ("x-api-key", token.Text)),
            HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        await fixture.Access.RevokeTokenAsync(new RevokeTokenRequest { TokenId = token.Id });
        var body = await response.Content.ReadAsStringAsync();
        Assert.Contains(
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"authentication_error\"", body,
            StringComparison.Ordinal);
        await fixture.Sandbox.WaitForAbortsAsync(1);
        Assert.Single(await fixture.AuditAsync("ended", 1));
    }

    [Theory]
    [InlineData("megabytes", "429 rate_limit_error")]
    [InlineData("length", "413 request_too_large")]
    [InlineData("gzip", "400 invalid_request_error")]
    public async Task Memory_for_requests_is_bounded(string what, string end)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Limits = new ClientLimits { Megabytes = 1 });
        var length = what switch { "megabytes" => 2 << 20, "length" => 33 << 20, _ => 0 };
        var body = MessagesOverHttp.Body.Replace("Hello", "Hello" + new string('x', length), StringComparison.Ordinal);
        using var http = fixture.NewHttp();
        using var request = MessagesOverHttp.Request(body, headers: ("x-api-key", token.Text));
        if (what == "gzip")
            request.Content!.Headers.ContentEncoding.Add("gzip");
        using var response = await http.SendAsync(request);
        var answer = await HttpAnswer.OfAsync(response);
        Assert.Equal(end, $"{answer.Status} {answer.Type}");
        Assert.Empty(fixture.Sandbox.Requests);
    }
}
