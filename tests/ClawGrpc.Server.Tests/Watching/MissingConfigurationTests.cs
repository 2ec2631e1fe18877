using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Watching;

/// <summary>
/// A configuration that was there and is gone is an error as a broken one is: the last good one stays in force.
/// </summary>
public class MissingConfigurationTests
{
    private const string OwnSettings = "clawgrpc: { subscriptions: { enabled: false } }";

    [Theory]
    [InlineData("renamed")]
    [InlineData("dangling link")]
    [InlineData("folder")]
    [InlineData("empty")]
    [InlineData("comment")]
    public async Task Last_good_configuration_stays_while_its_file_is_gone(string what)
    {
        await using var fixture = await ServerFixture.StartAsync(OwnSettings);
        await fixture.OnboardAsync();
        var path = fixture.Files.ConfigPath;
        File.Move(path, path + ".away");
        switch (what)
        {
            case "dangling link":
                File.CreateSymbolicLink(path, fixture.Files["nowhere"]);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "empty" or "comment":
                await File.WriteAllTextAsync(path, what == "empty" ? "" : "// Soon.\n");
                break;
        }

        await fixture.Part<LiveConfiguration>().ReloadAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(path, Assert.Single((await fixture.StatusAsync()).ConfigurationErrors).Path);
        Assert.Equal("SUBSCRIPTIONS_DISABLED", (await CallFailure.OfAsync(() => fixture.OnboardTokenAsync())).Reason);
        Assert.Equal("CONFIGURATION_INVALID", (await CallFailure.OfAsync(() => fixture.OnboardAsync(Two))).Reason);
        var edit = await CallFailure.OfAsync(async () => await fixture.Models.SetDefaultModelAsync(
            new SetDefaultModelRequest { Model = "anthropic/claude-sonnet-4-6" }));
        Assert.Equal("CONFIGURATION_INVALID", edit.Reason);
        Assert.False(File.Exists(fixture.Files["nowhere"]));

        if (Directory.Exists(path))
            Directory.Delete(path);
        File.Move(path + ".away", path, overwrite: true);
        await fixture.Part<LiveConfiguration>().ReloadAsync();
        Assert.Empty((await fixture.StatusAsync()).ConfigurationErrors);
        await fixture.OnboardAsync(Two);
    }

    [Fact]
    public async Task Another_programs_file_does_not_replace_the_missing_one()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        const string elsewhere = "{ models: { providers: { anthropic: { baseUrl: 'http://127.0.0.1:1', models: [] } } } }";
        await File.WriteAllTextAsync(fixture.Files["openclaw.json"], elsewhere);
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, OwnSettings);
        await fixture.StartServerAsync();
        await fixture.OnboardAsync();
        File.Move(fixture.Files.ConfigPath, fixture.Files["away.json"]);
        await fixture.Part<LiveConfiguration>().ReloadAsync();
        Assert.Equal($"{One} served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(fixture.Files.ConfigPath, Assert.Single((await fixture.StatusAsync()).ConfigurationErrors).Path);
    }

    [Fact]
    public async Task Program_rules_stay_while_the_configuration_is_broken()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(fixture.Files["clawdbot.json"], "{}");
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, "{ $include: './clawdbot.json' }");
        await fixture.StartServerAsync();
        var configuration = fixture.Part<LiveConfiguration>();
        var generation = configuration.Generation;
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, "{ oops");
        await configuration.ReloadAsync();
        Assert.NotEmpty(configuration.Current.Errors);
        Assert.Equal(generation, configuration.Generation);
    }

    [Fact]
    public async Task Missing_included_file_leaves_the_last_good_configuration()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, "$include: './more.json'");
        await File.WriteAllTextAsync(fixture.Files["more.json"], $"{{ {OwnSettings} }}");
        await fixture.StartServerAsync();
        File.Delete(fixture.Files["more.json"]);
        await fixture.Part<LiveConfiguration>().ReloadAsync();
        Assert.Equal("SUBSCRIPTIONS_DISABLED", (await CallFailure.OfAsync(() => fixture.OnboardTokenAsync())).Reason);
        Assert.NotEmpty((await fixture.StatusAsync()).ConfigurationErrors);
    }

    [Theory]
    [InlineData("clawgrpc.json", "folder")]
    [InlineData("clawgrpc.json", "dangling link")]
    [InlineData("openclaw.json", "folder")]
    [InlineData("openclaw.json", "dangling link")]
    [InlineData("clawgrpc.json", "unreadable")]
    public async Task Start_is_refused_if_something_else_is_in_its_place(string name, string what)
    {
        await using var fixture = await ServerFixture.PrepareAsync();

        // What it would fall back to.
        await File.WriteAllTextAsync(fixture.Files["moltbot.json"], "{}");
        var path = fixture.Files[name];
        if (what == "folder")
            Directory.CreateDirectory(path);
        else
            File.CreateSymbolicLink(path, what == "unreadable" ? "/proc/self/mem" : fixture.Files["nowhere"]);
        var refused = await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
        Assert.StartsWith($"Invalid config at {path}:\n- ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Link_to_a_missing_file_of_profiles_is_not_an_empty_file()
    {
        using var folder = new StateFiles();
        File.CreateSymbolicLink(folder["auth-profiles.json"], folder["unmounted/auth-profiles.json"]);
        Assert.Throws<StateUnreadableException>(() => WholeFile.Read(folder["auth-profiles.json"]));
        Assert.Throws<IOException>(() => FileIdentity.Of(folder["auth-profiles.json"]));
    }
}
