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
        await using var rig = await Rig.StartAsync(Agents);
        await rig.OnboardAsync();
        Assert.Empty((await StatusAsync(rig)).Auth.Profiles);
        Assert.Contains("No API key found", (await rig.CompleteAsync(OfWork())).Failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mains_key_serves_the_agent_and_its_health_is_mains()
    {
        await using var rig = await Rig.StartAsync(Inherits);
        await rig.OnboardAsync();
        await rig.OnboardTokenAsync(Two);
        var answer = await rig.CompleteAsync(OfWork());
        Assert.Equal((null, One), (answer.Failure, answer.Receipt!.ProfileId));
        await rig.StopServerAsync();
        Assert.True(rig.Files.UsageStats(One).TryGetProperty("lastUsed", out _));
        Assert.False(File.Exists(rig.Files.ProfilesPath("work")));
        await rig.StartServerAsync();

        // A setup-token is its owner's.
        Assert.Equal([One], (await StatusAsync(rig)).Auth.Profiles.Select(profile => profile.ProfileId));
    }

    [Fact]
    public async Task A_cooldown_of_mains_key_is_told_to_who_watches_the_agent()
    {
        await using var rig = await Rig.StartAsync(Inherits);
        await rig.OnboardAsync();
        var before = await StatusAsync(rig);
        rig.Sandbox.Script(Faults.Status(429).Forever());
        await rig.PatientlyAsync(rig.CompleteAsync(Completing.Input()));
        var after = await StatusAsync(rig);
        Assert.Equal([One], after.Auth.UnusableProfiles.Select(profile => profile.ProfileId));
        Assert.True(after.Revision > before.Revision);
    }

    [Fact]
    public async Task An_order_of_the_agent_names_mains_key_and_only_main_can_delete_it()
    {
        await using var rig = await Rig.StartAsync(Inherits);
        await rig.OnboardAsync();
        await rig.OnboardAsync(Two, KeyTwo, "work");
        var order = await rig.Auth.SetProfileOrderAsync(new SetProfileOrderRequest { AgentId = "WORK", Provider = "anthropic", ProfileIds = { One } });
        Assert.Equal(("work", One), (order.Order.AgentId, Assert.Single(order.Order.ProfileIds)));
        Assert.Equal(One, (await rig.CompleteAsync(OfWork())).Receipt!.ProfileId);
        Assert.False(rig.Files.Profiles("work").GetProperty("profiles").TryGetProperty(One, out _));
        var refused = await Assert.ThrowsAsync<global::Grpc.Core.RpcException>(
            async () => await rig.Auth.DeleteProfileAsync(new DeleteProfileRequest { AgentId = "work", ProfileId = One }));
        Assert.Contains(One, refused.Status.Detail, StringComparison.Ordinal);
    }

    private static CompletionInput OfWork() => Completing.Input(with: input => input.AgentId = "work");

    private static async Task<AgentStatus> StatusAsync(Rig rig) => (await rig.Models.GetStatusAsync(new GetStatusRequest { AgentId = "work" })).Status;
}
