using System.Collections.Concurrent;
using System.Text;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Security;

/// <summary>What upstream gives to one credential is not sent with another, or later.</summary>
public class CookieTests
{
    [Theory]
    [InlineData(429)]
    [InlineData(401)]
    [InlineData(500)]
    public async Task Cookie_of_a_failed_attempt_goes_with_no_other(int status)
    {
        await using var fixture = await WithTwoKeysAsync();
        fixture.Sandbox.Script(new Fault
        {
            Status = new()
            {
                Code = status,
                Headers = new() { ["set-cookie"] = "account=one; Path=/", ["x-should-retry"] = "false" },
            },
        }.ForKey(KeyOne));
        Assert.Equal(Two, (await fixture.StreamAsync()).Served.ProfileId);
        await fixture.CompleteAsync();
        await fixture.Models.ListModelsAsync(new ListModelsRequest());
        Assert.InRange(fixture.Sandbox.Requests.Count, 4, 5);
        Assert.All(fixture.Sandbox.Requests, request => Assert.Null(request.Header("cookie")));
    }

    [Fact]
    public async Task Cookie_of_an_answer_goes_with_no_later_request()
    {
        var heads = new ConcurrentQueue<string>();
        var body = """{"type":"message","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}""";
        await using var upstream = RawUpstream.Of(request =>
        {
            heads.Enqueue(request.Head);
            return RawUpstream.Answer(
                "200 OK\ncontent-type: application/json\nset-cookie: account=one; Path=/", Encoding.UTF8.GetBytes(body));
        });
        await using var fixture = await ServerFixture.StartAsync(upstream);
        for (var call = 0; call < 3; call++)
            Assert.Equal("Hi", (await fixture.CompleteAsync()).Text);
        Assert.Equal(3, heads.Count);
        Assert.All(heads, head => Assert.DoesNotContain("cookie", head, StringComparison.OrdinalIgnoreCase));
    }
}
