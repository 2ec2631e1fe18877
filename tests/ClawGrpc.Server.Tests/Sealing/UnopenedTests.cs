using System.Text.Json.Nodes;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Sealing;

/// <summary>
/// A sealed secret that does not open is shown with the reason. Nothing is sent, and the file is left as it is.
/// </summary>
public sealed class UnopenedTests : IDisposable
{
    private readonly SealKeys _keys = new();

    public void Dispose() => _keys.Dispose();

    [Theory]
    [InlineData("gone", "there is no file ")]
    [InlineData("exposed", "Mend it: chmod 600 ")]
    [InlineData("wrong", "is not configured in clawgrpc.seal")]
    [InlineData("no key", "is no key, which has 32 bytes")]
    [InlineData("not configured", "is not configured in clawgrpc.seal")]
    public async Task Server_starts_without_its_key_and_serves_once_it_is_back(string fault, string reason)
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        await fixture.StopServerAsync();
        var key = await File.ReadAllTextAsync(_keys.Old);
        switch (fault)
        {
            case "gone":
                File.Delete(_keys.Old);
                break;
            case "exposed":
                File.SetUnixFileMode(_keys.Old, (UnixFileMode)0b110_100_000);
                break;
            case "wrong":
                File.Copy(_keys.New, _keys.Old, overwrite: true);
                break;
            case "no key":
                SealKeys.Write(_keys.Old, "too short");
                break;
            default:
                await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
                break;
        }

        var before = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        await fixture.StartServerAsync();
        await RefusesAsync(fixture, One, reason);
        Assert.Equal(before, await File.ReadAllTextAsync(fixture.Files.ProfilesPath()));

        // Without a restart.
        SealKeys.Write(_keys.Old, key);
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, _keys.Section);
        await fixture.PollAsync(async () => (await fixture.StreamAsync()).Attempts == $"{One} served");
        Assert.Equal([KeyOne], fixture.Sandbox.Requests.Select(request => request.Credential).Distinct());
    }

    [Fact]
    public async Task New_secret_without_a_usable_key_is_refused()
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        await fixture.StopServerAsync();
        File.Delete(_keys.Old);
        await fixture.StartServerAsync();
        var before = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        foreach (var profile in new[] { One, Two })
        {
            var failure = await CallFailure.OfAsync(async () => await fixture.OnboardAsync(profile, KeyTwo));
            Assert.Equal("SEALING_KEY_UNAVAILABLE", failure.Reason);
            Assert.Contains($"There is no file {_keys.Old}.", failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, await File.ReadAllTextAsync(fixture.Files.ProfilesPath()));
        Assert.Empty(fixture.Files.Holding(KeyTwo));

        // What needs no secret goes on.
        await fixture.Auth.SetProfileOrderAsync(new SetProfileOrderRequest { Provider = "anthropic", ProfileIds = { One } });
        await fixture.Auth.ResetProfileAsync(new ResetProfileRequest { ProfileId = One });
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
    }

    [Fact]
    public async Task Value_that_was_moved_to_another_profile_or_agent_does_not_open()
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(Two, KeyTwo);
        await fixture.StopServerAsync();
        var text = JsonNode.Parse(await File.ReadAllTextAsync(fixture.Files.ProfilesPath()))!;
        await fixture.Files.WriteProfilesAsync(text.ToJsonString(), "work");
        (text["profiles"]![One]!["key"], text["profiles"]![Two]!["key"]) =
            (text["profiles"]![Two]!["key"]!.DeepClone(), text["profiles"]![One]!["key"]!.DeepClone());
        await fixture.Files.WriteProfilesAsync(text.ToJsonString());
        await fixture.StartServerAsync();
        await RefusesAsync(fixture, One, "it was moved here from another agent or profile");
        await RefusesAsync(fixture, One, "it was moved here from another agent or profile", "work");
        Assert.Equal(text.ToJsonString(), await File.ReadAllTextAsync(fixture.Files.ProfilesPath()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Older_version_that_was_put_back_does_not_open(bool restart)
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync(One, KeyTwo);
        var older = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        await fixture.OnboardAsync();
        if (restart)
            await fixture.StopServerAsync();
        await fixture.Files.WriteProfilesAsync(older);
        if (restart)
            await fixture.StartServerAsync();
        else
            await fixture.PollAsync(async () => (await fixture.StreamAsync()).Failure is not null);
        await RefusesAsync(fixture, One, "an older version was put back (1; the newest was 2)", sent: !restart);
        Assert.DoesNotContain(KeyTwo, fixture.Sandbox.Requests.Select(request => request.Credential));

        // A new credential ends it.
        await fixture.OnboardAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
    }

    [Fact]
    public async Task Deleted_profile_that_was_put_back_does_not_open()
    {
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        var older = await File.ReadAllTextAsync(fixture.Files.ProfilesPath());
        await fixture.Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        await fixture.Files.WriteProfilesAsync(older);
        await fixture.RestartServerAsync();
        await RefusesAsync(fixture, One, "an older version was put back");
    }

    [Fact]
    public async Task Changed_origin_does_not_open_until_it_is_confirmed()
    {
        await using var elsewhere = await Sandbox.StartAsync();
        await using var fixture = await ServerFixture.StartAsync(_keys.Section);
        await fixture.OnboardAsync();
        await fixture.StopServerAsync();
        var origins = fixture.Files["agents/main/agent/clawgrpc-origins.json"];
        await File.WriteAllTextAsync(
            origins, (await File.ReadAllTextAsync(origins)).Replace(fixture.Sandbox.BaseUrl, elsewhere.BaseUrl));
        await fixture.Files.ConfigureAsync(elsewhere.BaseUrl, _keys.Section);
        await fixture.StartServerAsync();
        await RefusesAsync(
            fixture, One, $"it was sealed for {fixture.Sandbox.BaseUrl}, and is noted to belong to {elsewhere.BaseUrl}");

        // Nor if nothing is noted at all.
        await fixture.StopServerAsync();
        File.Delete(origins);
        await fixture.StartServerAsync();
        Assert.Contains(
            $"it belongs to {fixture.Sandbox.BaseUrl}", (await fixture.StreamAsync()).Failed.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);

        var rebound = await fixture.Auth.RebindProfileAsync(new RebindProfileRequest { ProfileId = One });
        Assert.Equal([One], rebound.ProfileIds);
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        await fixture.RestartServerAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Empty(fixture.Files.Holding(KeyOne));
    }

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("AQ==")]
    [InlineData("Ag==")]
    public async Task Damaged_value_names_its_profile(string value)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, _keys.Section);
        await fixture.Files.WriteProfilesAsync(
            $$"""
            { "profiles": { "{{One}}": { "type": "api_key", "provider": "anthropic", "key": { "sealed": "{{value}}" } } } }
            """);
        await fixture.StartServerAsync();
        await RefusesAsync(fixture, One, value switch
        {
            "" => "it is empty",
            "Ag==" => "a newer ClawGrpc has sealed it",
            _ => "it is cut off or damaged",
        });
    }

    private static async Task RefusesAsync(
        ServerFixture fixture, string profile, string reason, string agent = "", bool sent = false)
    {
        var failed = (await fixture.StreamAsync(Prompts.Input(with: input => input.AgentId = agent))).Failed;
        Assert.Contains($"{profile} (its sealed secret does not open: ", failed.Message, StringComparison.Ordinal);
        Assert.Contains(reason, failed.Message, StringComparison.Ordinal);
        if (!sent)
            Assert.Empty(fixture.Sandbox.Requests);
        var auth = (await fixture.StatusAsync(agent)).Auth;
        var unusable = auth.UnusableProfiles.First(each => each.ProfileId == profile);
        Assert.Equal(("disabled", "sealed"), (unusable.Kind, unusable.Reason));
        Assert.Contains(reason, unusable.RecoveryHint, StringComparison.Ordinal);
        Assert.Contains($"{profile}=sealed [disabled:sealed]", auth.Providers.SelectMany(provider => provider.Labels));
        var sealing = (await fixture.Auth.GetSealingAsync(new GetSealingRequest { AgentId = agent })).Sealing;
        var own = sealing.Agents.Single(each => agent.Length == 0 ? each.AgentId == "main" : each.AgentId == agent);
        Assert.Contains(reason, own.UnopenedProfiles.First(each => each.ProfileId == profile).Reason, StringComparison.Ordinal);

        // Once, however often it is asked for.
        Assert.Single(await fixture.AuditAsync(), line => (line.Text("event"), line.Text("agent"), line.Text("profile"))
            == ("unopened", own.AgentId, profile) && line.Text("details", "why").Contains(reason, StringComparison.Ordinal));
    }
}
