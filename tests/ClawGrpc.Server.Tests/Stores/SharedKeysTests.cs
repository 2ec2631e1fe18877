using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary><c>auth.inheritFromMain</c>: the other agents see the main agent's API keys, and nothing is copied.</summary>
public class SharedKeysTests
{
    private const string Agents = "agents: { list: [{ id: 'main' }, { id: 'Work' }] }, ";
    private const string Inherits = Agents + "auth: { inheritFromMain: true }";

    [Fact]
    public async Task An_agent_has_nothing_of_main_unless_configured()
    {
        await using var fixture = await ServerFixture.StartAsync(Agents);
        await fixture.OnboardAsync();
        Assert.Empty((await StatusAsync(fixture)).Auth.Profiles);
        Assert.Contains("No API key found", (await fixture.CompleteAsync(OfWork())).Failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mains_key_serves_the_agent_and_its_health_is_mains()
    {
        await using var fixture = await ServerFixture.StartAsync(Inherits);
        await fixture.OnboardAsync();
        await fixture.OnboardTokenAsync(Two);
        var answer = await fixture.CompleteAsync(OfWork());
        Assert.Equal((null, One), (answer.Failure, answer.Receipt!.ProfileId));
        await fixture.StopServerAsync();
        Assert.True(fixture.Files.UsageStats(One).TryGetProperty("lastUsed", out _));
        Assert.False(File.Exists(fixture.Files.ProfilesPath("work")));
        await fixture.StartServerAsync();

        // A setup-token is its owner's.
        Assert.Equal([One], (await StatusAsync(fixture)).Auth.Profiles.Select(profile => profile.ProfileId));
    }

    [Fact]
    public async Task Watcher_of_an_agent_sees_the_cooldown_of_mains_key()
    {
        await using var fixture = await ServerFixture.StartAsync(Inherits);
        await fixture.OnboardAsync();
        var before = await StatusAsync(fixture);
        fixture.Sandbox.Script(Faults.Status(429).Forever());
        await fixture.PatientlyAsync(fixture.CompleteAsync(Prompts.Input()));
        var after = await StatusAsync(fixture);
        Assert.Equal([One], after.Auth.UnusableProfiles.Select(profile => profile.ProfileId));
        Assert.True(after.Revision > before.Revision);
    }

    [Fact]
    public async Task Agents_order_may_name_mains_key_but_only_main_deletes_it()
    {
        await using var fixture = await ServerFixture.StartAsync(Inherits);
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(Two, KeyTwo, "work");
        var order = await fixture.Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { AgentId = "WORK", Provider = "anthropic", ProfileIds = { One } });
        Assert.Equal(("work", One), (order.Order.AgentId, Assert.Single(order.Order.ProfileIds)));
        Assert.Equal(One, (await fixture.CompleteAsync(OfWork())).Receipt!.ProfileId);
        Assert.False(fixture.Files.Profiles("work").GetProperty("profiles").TryGetProperty(One, out _));
        var refused = await Assert.ThrowsAsync<global::Grpc.Core.RpcException>(
            async () => await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { AgentId = "work", ProfileId = One }));
        Assert.Contains(One, refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mains_order_holds_for_an_agent_with_keys_of_its_own_until_it_has_an_order()
    {
        await using var fixture = await ServerFixture.StartAsync(Inherits);
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(Two, KeyTwo);
        await fixture.OnboardAsync("anthropic:own", "sk-ant-api03-FAKE-own-key-000000000000000003", "work");
        await fixture.Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { Two, One } });
        Assert.Equal([Two, One], await OrderAsync());
        Assert.Equal(Two, (await fixture.CompleteAsync(OfWork())).Receipt!.ProfileId);
        await fixture.Auth.SetProfileOrderAsync(
            new SetProfileOrderRequest { AgentId = "work", Provider = "anthropic", ProfileIds = { "anthropic:own" } });
        Assert.Equal("anthropic:own", (await fixture.CompleteAsync(OfWork())).Receipt!.ProfileId);
        await fixture.Auth.ClearProfileOrderAsync(new ClearProfileOrderRequest { AgentId = "work", Provider = "anthropic" });
        Assert.Equal([Two, One], await OrderAsync());

        async Task<IEnumerable<string>> OrderAsync() => (await fixture.Auth.GetProfileOrderAsync(
            new GetProfileOrderRequest { AgentId = "work", Provider = "anthropic" })).Order.ProfileIds;
    }

    private static CompletionInput OfWork() => Prompts.Input(with: input => input.AgentId = "work");

    private static async Task<AgentStatus> StatusAsync(ServerFixture fixture) =>
        (await fixture.Models.GetStatusAsync(new GetStatusRequest { AgentId = "work" })).Status;
}
