using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>No caller can fill an agent's store until it cannot be read any more.</summary>
public class StoreLimitTests
{
    public static TheoryData<string> BadModels => new(new string('m', 201), "claude\nopus", "claude\u0000", "claude\u2028opus");

    [Theory]
    [MemberData(nameof(BadModels))]
    public async Task Model_that_is_too_long_or_not_printable_is_refused(string model)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        var input = Prompts.Input(with: each => each.Model = model);
        CallFailure[] failures =
        [
            (await fixture.StreamAsync(input)).Failed,
            await CallFailure.OfAsync(async () =>
                await fixture.Models.CountTokensAsync(new CountTokensRequest { Input = input })),
            await CallFailure.OfAsync(async () =>
                await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = model })),
            await CallFailure.OfAsync(async () =>
                await fixture.Models.AddModelFallbackAsync(new AddModelFallbackRequest { Model = model })),
        ];
        Assert.All(failures, failure => Assert.Equal("INVALID_FIELD", failure.Reason));
        Assert.All(failures, failure => Assert.EndsWith("model", Assert.Single(failure.Fields), StringComparison.Ordinal));
        Assert.Empty(fixture.Sandbox.Requests);
    }

    [Fact]
    public async Task Routes_and_usage_lines_are_bounded()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.OnboardAsync();
        for (var count = 0; count < 110; count++)
        {
            fixture.Sandbox.Script(Faults.Status(429));
            await fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-{count:000}"));
        }

        await fixture.StopServerAsync();
        var routes = fixture.Files.UsageStats(One).GetProperty("routes").EnumerateObject().Select(route => route.Name).ToList();
        Assert.Equal(100, routes.Count);
        Assert.Contains("anthropic/claude-109", routes);
    }

    [Fact]
    public async Task Status_stays_small_with_many_routes_in_the_file()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var now = fixture.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var routes = string.Join(",", Enumerable.Range(0, 20_000).Select(each =>
            $$"""
            "anthropic/{{new string('m', 150)}}{{each}}":
              {"reason":"rate_limit","lastFailureAt":{{now}},"cooldownUntil":{{now + 60000}}}
            """));
        await fixture.Files.WriteProfilesAsync($$"""
            { "version": 1, "profiles": { "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" } },
              "usageStats": { "{{One}}": { "routes": { {{routes}} } } } }
            """);
        var status = await fixture.StatusAsync();
        Assert.NotEmpty(status.Auth.UnusableProfiles);
        Assert.InRange(status.CalculateSize(), 0, 1_000_000);
    }

    [Fact]
    public async Task Profiles_of_an_agent_are_bounded()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Files.WriteProfilesAsync(ManyProfiles(1000));
        var refused = await CallFailure.OfAsync(() => fixture.OnboardAsync("anthropic:one-more"));
        Assert.Equal(("INVALID_FIELD", "profile_id"), (refused.Reason, refused.Fields.Single()));
        Assert.Contains("1000 profiles", refused.Message, StringComparison.Ordinal);
        await fixture.OnboardAsync("anthropic:7");
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = "anthropic:8" });
        await fixture.OnboardAsync("anthropic:one-more");
        Assert.Equal(1000, fixture.Files.Profiles().GetProperty("profiles").EnumerateObject().Count());
    }

    [Theory]
    [InlineData(5000, "anthropic", 10)]
    [InlineData(2000, "anthropic", 180)]
    [InlineData(2000, "p{0}", 10)]
    public async Task Status_stays_small_with_many_profiles_in_the_file(int count, string provider, int longest)
    {
        await using var fixture = await ServerFixture.StartAsync();
        await fixture.Files.WriteProfilesAsync(ManyProfiles(count, provider, new string('é', longest)));
        using var watcher = fixture.Watch();
        AgentStatus[] seen = [await fixture.StatusAsync(), await watcher.NextAsync()];
        Assert.All(seen, status => Assert.InRange(status.CalculateSize(), 100_000, 1_000_000));
        Assert.All(seen, status => Assert.NotEmpty(status.Auth.Profiles));
        if (provider == "anthropic")
            Assert.Equal(count, seen[0].Auth.Providers.Single(each => each.Provider == provider).ProfileCount);
    }

    private static string ManyProfiles(int count, string provider = "anthropic", string name = "")
    {
        var profiles = Enumerable.Range(0, count).Select(each => $$"""
            "anthropic:{{name}}{{each}}":
              { "type": "token", "provider": "{{string.Format(null, provider, each)}}", "token": "t{{each}}" }
            """);
        var health = Enumerable.Range(0, count).Select(each => $$"""
            "anthropic:{{name}}{{each}}": { "disabledUntil": 253402300799999, "disabledReason": "auth", "lastFailureAt": 1 }
            """);
        return $$"""
            {"version":1,"profiles":{ {{string.Join(",", profiles)}} },"usageStats":{ {{string.Join(",", health)}} } }
            """;
    }
}
