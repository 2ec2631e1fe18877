using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>
/// What a status says of files that the programs wrote: names, labels and sorting as theirs (openclaw-spec.md, section 7.3).
/// </summary>
public class ReadAsTheProgramsDoTests
{
    [Fact]
    public async Task Declared_email_wins_over_the_logins_and_blank_is_ignored()
    {
        var status = await StatusAsync(
            """
            { "version": 1, "profiles": {
              "anthropic:a": { "type": "oauth", "provider": "anthropic", "access": "a", "refresh": "r", "expires": 4000000000000,
                "email": "own@x.y" },
              "anthropic:b": { "type": "token", "provider": "anthropic", "token": "t", "email": " b@x.y " },
              "anthropic:c": { "type": "token", "provider": "anthropic", "token": "t", "email": "" } } }
            """,
            "auth: { profiles: { 'anthropic:a': { provider: 'anthropic', mode: 'oauth', email: 'declared@x.y' } } }");
        Assert.Equal(["anthropic:a (declared@x.y)", "anthropic:b (b@x.y)", "anthropic:c"], status.Auth.Profiles.Select(
            profile => profile.Label));
        Assert.Equal("anthropic:a=OAuth (declared@x.y)", status.Auth.Providers.Single().Labels[0]);
    }

    [Fact]
    public async Task Profiles_are_in_natural_order_and_ties_keep_the_files_order()
    {
        var status = await StatusAsync(
            """
            { "version": 1, "profiles": {
              "anthropic:Zed": { "type": "api_key", "provider": "anthropic", "key": "1" },
              "anthropic:alpha": { "type": "api_key", "provider": "anthropic", "key": "2" },
              "anthropic:10": { "type": "api_key", "provider": "anthropic", "key": "3" },
              "anthropic:_x": { "type": "api_key", "provider": "anthropic", "key": "4" },
              "anthropic:zed": { "type": "api_key", "provider": "anthropic", "key": "5" } },
              "usageStats": {
                "anthropic:zed": { "cooldownUntil": 4000000000000 },
                "anthropic:Zed": { "cooldownUntil": 4000000000000, "disabledUntil": 1, "disabledReason": "billing" } } }
            """);
        Assert.Equal(["anthropic:_x", "anthropic:10", "anthropic:alpha", "anthropic:zed", "anthropic:Zed"],
            status.Auth.Profiles.Select(profile => profile.ProfileId));
        Assert.Equal(
            [("anthropic:Zed", "cooldown", "billing"), ("anthropic:zed", "cooldown", "")],
            status.Auth.UnusableProfiles.Select(profile => (profile.ProfileId, profile.Kind, profile.Reason)));
    }

    [Fact]
    public async Task A_login_that_expires_at_no_time_is_missing_its_expiry()
    {
        var status = await StatusAsync(
            """
            { "version": 1, "profiles": {
              "anthropic:a": { "type": "oauth", "provider": "anthropic", "access": "a", "refresh": "r", "expires": 0 } } }
            """);
        Assert.Equal(ExpiryState.Missing, status.Auth.Profiles.Single().Expiry);
    }

    [Fact]
    public async Task Agent_is_found_regardless_of_case_in_an_OpenClaw_folder()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(
            fixture.Sandbox.BaseUrl, "agents: { list: [{ id: 'My Team', model: { primary: 'anthropic/claude-sonnet-4-5' } }] }");
        await fixture.Files.WriteProfilesAsync("""{ "version": 1, "profiles": { "anthropic:a": {"""
            + """ "type": "api_key", "provider": "anthropic", "key": "k" } } }""", "my-team");
        await fixture.StartServerAsync();
        var status = (await fixture.Models.GetStatusAsync(new GetStatusRequest { AgentId = " MY-Team " })).Status;
        Assert.Equal(("my-team", "anthropic:a"), (status.AgentId, status.Auth.Profiles.Single().ProfileId));
        var agent = (await fixture.Auth.ListAgentsAsync(new ListAgentsRequest())).Agents.Single(each => each.DefaultAgent);
        Assert.Equal(("my-team", "anthropic/claude-sonnet-4-5"), (agent.AgentId, agent.Model));
    }

    private static async Task<AgentStatus> StatusAsync(string profiles, string more = "")
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, more);
        await fixture.Files.WriteProfilesAsync(profiles);
        await fixture.StartServerAsync();
        return (await fixture.Models.GetStatusAsync(new GetStatusRequest())).Status;
    }
}
