using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>Credentials that lie elsewhere: the login of the Claude CLI, and files of before there were profiles.</summary>
public sealed class ForeignCredentialsTests
{
    private const string Cli = "anthropic:claude-cli";
    private const string OldProfiles =
        $$"""{ "anthropic": { "type": "api_key", "key": "{{KeyOne}}", "unknown": 1 }, "broken": { "type": "nonsense" } }""";

    [Fact]
    public async Task Claude_CLI_login_is_onboarded_followed_and_never_written()
    {
        await using var fixture = await ServerFixture.StartAsync();
        await LogInAsync(fixture, "sk-ant-oat01-FAKE-first", TimeSpan.FromHours(1));
        var onboarded = await fixture.Auth.OnboardAsync(new OnboardRequest { ClaudeCli = new ClaudeCliCredential() });
        Assert.Equal((Cli, CredentialType.Oauth), (onboarded.ProfileId, onboarded.Type));
        Assert.Contains("\"oauth\"", await File.ReadAllTextAsync(fixture.Files.ConfigPath), StringComparison.Ordinal);

        // What the CLI refreshed is taken up by itself.
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        var renewed = await LogInAsync(fixture, "sk-ant-oat01-FAKE-second", TimeSpan.FromHours(9));
        await fixture.Time.WaitForPeriodAsync(FileChanges.Interval);
        fixture.Time.Advance(FileChanges.Interval);
        await watcher.NextAsync();
        await fixture.StreamAsync();

        Assert.Equal("sk-ant-oat01-FAKE-second", fixture.Sandbox.Requests.Single().Credential);
        Assert.Equal(renewed, await File.ReadAllTextAsync(LoginPath(fixture)));
    }

    [Fact]
    public async Task Login_that_was_not_onboarded_is_left_alone()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        await LogInAsync(fixture, "sk-ant-oat01-FAKE-first", TimeSpan.FromHours(1));
        await fixture.StartServerAsync();
        Assert.Empty((await fixture.StatusAsync()).Auth.Profiles);
    }

    [Fact]
    public async Task Onboarding_a_missing_login_names_the_searched_paths()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var refused = await CallFailure.OfAsync(
            async () => await fixture.Auth.OnboardAsync(new OnboardRequest { ClaudeCli = new ClaudeCliCredential() }));
        Assert.Contains(
            "No Claude Code CLI credentials found at ~/.claude/.credentials.json", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(fixture.Files.ProfilesPath()));
    }

    [Fact]
    public async Task Old_files_become_profiles_once_and_the_agents_own_is_deleted()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        var (old, logins) = (fixture.Files["agents/main/agent/auth.json"], fixture.Files["credentials/oauth.json"]);
        await PutAsync(old, OldProfiles);
        await PutAsync(logins, """{ "openai": { "access": "a", "refresh": "r", "expires": 1 } }""");
        await fixture.StartServerAsync();

        Assert.Equal(["anthropic:default", "openai:default"], (await fixture.StatusAsync()).Auth.Profiles.Select(
            profile => profile.ProfileId));
        await fixture.StreamAsync();
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
        Assert.False(
            fixture.Files.Profiles().GetProperty("profiles").GetProperty("anthropic:default").TryGetProperty("unknown", out _));
        Assert.Equal((false, true), (File.Exists(old), File.Exists(logins)));
    }

    [Fact]
    public async Task Old_files_beside_profiles_are_left_as_they_are()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl);
        await fixture.Files.WriteProfilesAsync("""{ "version": 1, "profiles": {} }""");
        await PutAsync(fixture.Files["agents/main/agent/auth.json"], OldProfiles);
        await fixture.StartServerAsync();

        Assert.Empty((await fixture.StatusAsync()).Auth.Profiles);
        Assert.Equal(OldProfiles, await File.ReadAllTextAsync(fixture.Files["agents/main/agent/auth.json"]));
    }

    [Fact]
    public async Task The_old_logins_are_the_main_agents_alone()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, "agents: { list: [{ id: 'main' }, { id: 'work' }] }");
        await PutAsync(
            fixture.Files["credentials/oauth.json"], """{ "anthropic": { "access": "a", "refresh": "r", "expires": 1 } }""");
        await fixture.StartServerAsync();
        Assert.Single((await fixture.StatusAsync("main")).Auth.Profiles);
        Assert.Empty((await fixture.StatusAsync("work")).Auth.Profiles);
    }

    private static string LoginPath(ServerFixture fixture) => fixture.Files[".claude/.credentials.json"];

    private static async Task<string> LogInAsync(ServerFixture fixture, string access, TimeSpan validFor)
    {
        var until = (fixture.Time.GetUtcNow() + validFor).ToUnixTimeMilliseconds();
        var text = $$"""{ "claudeAiOauth": {"""
            + $$""" "accessToken": "{{access}}", "refreshToken": "sk-ant-ort01-FAKE", "expiresAt": {{until}} } }""";
        await PutAsync(LoginPath(fixture), text);
        return text;
    }

    private static async Task PutAsync(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text);
    }
}
