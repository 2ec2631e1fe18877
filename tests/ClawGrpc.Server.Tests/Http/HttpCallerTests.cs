using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Http;

/// <summary>Who may call over HTTP, and what others are told.</summary>
public class HttpCallerTests
{
    [Theory]
    [InlineData("authorization: Bearer TOKEN", 200)]
    [InlineData("x-api-key: TOKEN", 200)]
    [InlineData("authorization: Bearer TOKEN|x-api-key: TOKEN", 200)]
    [InlineData("authorization: Bearer TOKEN|x-api-key: sk-ant-api03-mine", 200)]
    [InlineData("authorization: Bearer sk-ant-oat01-mine|x-api-key: TOKEN", 200)]
    [InlineData("authorization: Bearer sk-ant-oat01-mine", 401)]
    [InlineData("x-api-key: sk-ant-api03-mine", 401)]
    [InlineData("authorization: Bearer TOKEN|x-api-key: OTHER", 401)]
    [InlineData("authorization: Bearer TOKEN|authorization: Bearer OTHER", 401)]
    [InlineData("authorization: Bearer TOKEN|x-api-key: nonsense", 401)]
    [InlineData("authorization: Bearer nonsense", 401)]
    [InlineData("authorization: Bearer TOKEN|connection: x-api-key", 200)]
    [InlineData("authorization: Bearer TOKEN|x-clawgrpc-agent: other", 403)]
    [InlineData("authorization: Bearer TOKEN|x-clawgrpc-novel: x", 400)]
    public async Task Token_in_either_header_and_nothing_of_Anthropic(string headers, int status)
    {
        await using var fixture = await ServerFixture.StartAsync("agents: { list: [{ id: 'main' }, { id: 'other' }] }");
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync("ci", [Scope.Complete], client => client.Agents.Add("main"));
        var other = await fixture.AddClientAsync("two", [Scope.Complete]);
        var given = headers.Replace("TOKEN", token.Text).Replace("OTHER", other.Text).Split('|')
            .Select(header => header.Split(": ", 2)).Select(parts => (parts[0], parts[1])).ToArray();
        var answer = await fixture.PostAsync(MessagesOverHttp.Body, given);
        Assert.Equal(status, answer.Status);
        Assert.DoesNotContain("mine", answer.Body, StringComparison.Ordinal);
        Assert.All(fixture.Sandbox.Requests, request => Assert.DoesNotContain("claw_", $"{request}", StringComparison.Ordinal));
        if (status == 401)
            Assert.Equal(("false", "Bearer"), (answer.Headers["x-should-retry"], answer.Headers["www-authenticate"]));
        Assert.Equal(status == 200 ? 1 : 0, fixture.Sandbox.Requests.Count);
    }

    [Theory]
    [InlineData("GET", "/v1/files", 404)]
    [InlineData("POST", "/v1/messages/batches", 404)]
    [InlineData("OPTIONS", "/v1/messages", 404)]
    [InlineData("GET", "/v1/messages", 404)]
    [InlineData("POST", "/clawgrpc.v1.ModelService/Complete", 404)]
    [InlineData("HEAD", "/api/hello", 200)]
    [InlineData("POST", "/v1/oauth/token", 404)]
    public async Task What_is_not_served_is_told_to_everybody(string method, string path, int status)
    {
        await using var fixture = await ServerFixture.StartAsync();
        using var http = fixture.NewHttp();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("x-api-key", "nonsense");
        using var response = await http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Used_up_budget_is_told_as_Anthropic_tells_it()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var token = await fixture.AddClientAsync(
            "ci", [Scope.Complete], client => client.Budget = new ClientBudget { Tokens = 10 });
        var first = await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", token.Text));
        Assert.Equal((200, "allowed"), (first.Status, first.Headers["anthropic-ratelimit-unified-status"]));
        var answer = await fixture.PostAsync(MessagesOverHttp.Body, ("x-api-key", token.Text));
        Assert.Equal((429, "billing_error", "false"), (answer.Status, answer.Type, answer.Headers["x-should-retry"]));
        var midnight = new DateTimeOffset(fixture.Time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddDays(1);
        Assert.Equal($"{Math.Ceiling((midnight - fixture.Time.GetUtcNow()).TotalSeconds)}", answer.Headers["retry-after"]);
    }

    [Fact]
    public async Task Session_of_Claude_Code_keeps_its_profile()
    {
        await using var fixture = await ServerFixture.StartAsync();
        foreach (var id in new[] { "anthropic:one", "anthropic:two" })
            await fixture.OnboardAsync(id);
        const string json = "{\\\"device_id\\\":\\\"d\\\",\\\"session_id\\\":\\\"S1\\\"}";
        foreach (var user in new[] { "user_a_account__session_S1", json })
        {
            var body = MessagesOverHttp.Body.TrimEnd()[..^1] + $",\"metadata\":{{\"user_id\":\"{user}\"}}}}";
            var keys = new HashSet<string>();
            for (var call = 0; call < 4; call++)
            {
                var answer = await fixture.PostAsync(body);
                keys.Add(answer.Headers["x-clawgrpc-profile"]);
            }

            Assert.Single(keys);
        }
    }

    [Fact]
    public async Task Subscriptions_do_not_serve_this_face_unless_the_operator_says_so()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Auth.PasteTokenAsync(new PasteTokenRequest
        {
            Provider = "anthropic",
            Token = "sk-ant-oat01-FAKE-" + new string('t', 80),
        });
        var answer = await fixture.PostAsync(MessagesOverHttp.Body);
        Assert.Equal((503, "api_error", "false"), (answer.Status, answer.Type, answer.Headers["x-should-retry"]));
        Assert.NotEmpty((await fixture.StreamAsync()).Text);

        await using var allowing = await ServerFixture.StartAsync("clawgrpc: { http: { subscriptions: 'allow' } }");
        await allowing.Auth.PasteTokenAsync(new PasteTokenRequest
        {
            Provider = "anthropic",
            Token = "sk-ant-oat01-FAKE-" + new string('t', 80),
        });
        Assert.Equal(200, (await allowing.PostAsync(MessagesOverHttp.Body)).Status);
    }
}
