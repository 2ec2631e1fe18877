using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>Credentials that lie elsewhere: the login of the Claude CLI, and files of before there were profiles.</summary>
public sealed class ForeignCredentialsTests
{
    private const string Cli = "anthropic:claude-cli";
    private const string OldProfiles = $$"""{ "anthropic": { "type": "api_key", "key": "{{KeyOne}}", "unknown": 1 }, "broken": { "type": "nonsense" } }""";

    [Fact]
    public async Task The_login_of_the_Claude_CLI_is_onboarded_followed_and_never_written()
    {
        await using var rig = await Rig.StartAsync();
        await LogInAsync(rig, "sk-ant-oat01-FAKE-first", TimeSpan.FromHours(1));
        var onboarded = await rig.Auth.OnboardAsync(new OnboardRequest { ClaudeCli = new ClaudeCliCredential() });
        Assert.Equal((Cli, CredentialType.Oauth), (onboarded.ProfileId, onboarded.Type));
        Assert.Contains("\"oauth\"", await File.ReadAllTextAsync(rig.Files.ConfigPath), StringComparison.Ordinal);

        // What the CLI refreshed is taken up by itself.
        using var watcher = rig.Watch();
        await watcher.NextAsync();
        var renewed = await LogInAsync(rig, "sk-ant-oat01-FAKE-second", TimeSpan.FromHours(9));
        await rig.Time.WaitForPeriodAsync(FileChanges.Interval);
        rig.Time.Advance(FileChanges.Interval);
        await watcher.NextAsync();
        await rig.StreamAsync();

        Assert.Equal("sk-ant-oat01-FAKE-second", rig.Sandbox.Requests.Single().Credential);
        Assert.Equal(renewed, await File.ReadAllTextAsync(LoginPath(rig)));
    }

    [Fact]
    public async Task A_login_that_nobody_onboarded_is_left_alone()
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl);
        await LogInAsync(rig, "sk-ant-oat01-FAKE-first", TimeSpan.FromHours(1));
        await rig.StartServerAsync();
        Assert.Empty((await rig.StatusAsync()).Auth.Profiles);
    }

    [Fact]
    public async Task Without_a_login_onboarding_it_says_where_it_was_looked_for()
    {
        await using var rig = await Rig.StartAsync();
        var refused = await CallFailure.OfAsync(async () => await rig.Auth.OnboardAsync(new OnboardRequest { ClaudeCli = new ClaudeCliCredential() }));
        Assert.Contains("No Claude Code CLI credentials found at ~/.claude/.credentials.json", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(rig.Files.ProfilesPath()));
    }

    [Fact]
    public async Task Old_files_become_profiles_once_and_the_agents_own_is_deleted()
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl);
        var (old, logins) = (rig.Files["agents/main/agent/auth.json"], rig.Files["credentials/oauth.json"]);
        await PutAsync(old, OldProfiles);
        await PutAsync(logins, """{ "openai": { "access": "a", "refresh": "r", "expires": 1 } }""");
        await rig.StartServerAsync();

        Assert.Equal(["anthropic:default", "openai:default"], (await rig.StatusAsync()).Auth.Profiles.Select(profile => profile.ProfileId));
        await rig.StreamAsync();
        Assert.Equal(KeyOne, rig.Sandbox.Requests.Single().Credential);
        Assert.False(rig.Files.Profiles().GetProperty("profiles").GetProperty("anthropic:default").TryGetProperty("unknown", out _));
        Assert.Equal((false, true), (File.Exists(old), File.Exists(logins)));
    }

    [Fact]
    public async Task Old_files_beside_profiles_are_left_as_they_are()
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl);
        await rig.Files.WriteProfilesAsync("""{ "version": 1, "profiles": {} }""");
        await PutAsync(rig.Files["agents/main/agent/auth.json"], OldProfiles);
        await rig.StartServerAsync();

        Assert.Empty((await rig.StatusAsync()).Auth.Profiles);
        Assert.Equal(OldProfiles, await File.ReadAllTextAsync(rig.Files["agents/main/agent/auth.json"]));
    }

    [Fact]
    public async Task The_old_logins_are_the_main_agents_alone()
    {
        await using var rig = await Rig.PrepareAsync();
        await rig.Files.ConfigureAsync(rig.Sandbox.BaseUrl, "agents: { list: [{ id: 'main' }, { id: 'work' }] }");
        await PutAsync(rig.Files["credentials/oauth.json"], """{ "anthropic": { "access": "a", "refresh": "r", "expires": 1 } }""");
        await rig.StartServerAsync();
        Assert.Single((await rig.StatusAsync("main")).Auth.Profiles);
        Assert.Empty((await rig.StatusAsync("work")).Auth.Profiles);
    }

    private static string LoginPath(Rig rig) => rig.Files[".claude/.credentials.json"];

    private static async Task<string> LogInAsync(Rig rig, string access, TimeSpan validFor)
    {
        var until = (rig.Time.GetUtcNow() + validFor).ToUnixTimeMilliseconds();
        var text = $$"""{ "claudeAiOauth": { "accessToken": "{{access}}", "refreshToken": "sk-ant-ort01-FAKE", "expiresAt": {{until}} } }""";
        await PutAsync(LoginPath(rig), text);
        return text;
    }

    private static async Task PutAsync(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text);
    }
}
