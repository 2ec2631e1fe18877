using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Sealing;

/// <summary>Folders that OpenClaw reads too, and everything that works on profiles, with sealed secrets.</summary>
public sealed class SealedFolderTests : IDisposable
{
    private readonly SealKeys _keys = new();

    public void Dispose() => _keys.Dispose();

    [Theory]
    [InlineData("openclaw.json", "OpenClaw")]
    [InlineData("clawdbot.json", "Clawdbot")]
    [InlineData("moltbot.json", "Moltbot")]
    public async Task Folder_of_another_program_is_sealed_only_when_told_so(string file, string program)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(fixture.Files[file], "{}");
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, _keys.Section);
        await fixture.StartServerAsync();
        await fixture.OnboardAsync();
        Assert.Equal(["agents/main/agent/auth-profiles.json"], fixture.Files.Holding(KeyOne));
        var before = fixture.Files.Snapshot();
        var failure = await CallFailure.OfAsync(async () => await fixture.Auth.SealSecretsAsync(new SealSecretsRequest()));
        Assert.Equal(("FOLDER_SHARED", program), (failure.Reason, failure.Facts["shared_with"]));
        Assert.Contains("claw secrets seal --even-if-shared", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, fixture.Files.Snapshot());

        var response = await fixture.Auth.SealSecretsAsync(new SealSecretsRequest { AllowSharedFolder = true });
        Assert.Equal((1, program), (response.ChangedCount, response.Sealing.Agents.Single().SharedWith));

        // The other program has lost its credentials there, so what comes later is sealed too.
        await fixture.OnboardAsync(Two, KeyTwo);
        Assert.Empty(fixture.Files.Holding(KeyOne, KeyTwo));
    }

    [Fact]
    public async Task No_file_holds_a_secret_of_any_kind_once_sealed()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.StoreLoginAsync(TimeSpan.FromMinutes(10), withKey: true);
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, SealKeys.Of(
            $"keyFile: '{_keys.Old}'", $"oauth: {{ tokenUrl: '{fixture.Sandbox.BaseUrl}{Login.Path}', clientId: 'a-client' }}"));
        await fixture.StartServerAsync();
        await fixture.OnboardTokenAsync("anthropic:sub");
        Assert.NotEmpty(fixture.Files.Holding(Login.Access, Login.Refresh, KeyTwo));
        await fixture.Auth.SealSecretsAsync(new SealSecretsRequest());
        Assert.Empty(fixture.Files.Holding(Login.Access, Login.Refresh, KeyTwo, Token));
        Assert.Equal(Login.Access, (await UsedAsync(fixture, One)));

        // A refreshed login, and what a stop writes. While the server runs, the clock would run out on the refresh that it
        // begins.
        await fixture.StopServerAsync();
        fixture.Time.Advance(TimeSpan.FromMinutes(11));
        await fixture.StartServerAsync();
        var granted = await UsedAsync(fixture, One);
        Assert.NotEqual(Login.Access, granted);
        Assert.NotEmpty(fixture.Grants());
        await fixture.RestartServerAsync();
        Assert.Empty(fixture.Files.Holding(Login.Access, Login.Refresh, KeyTwo, Token, granted));
        Assert.Equal(granted, await UsedAsync(fixture, One));
    }

    [Fact]
    public async Task Other_agents_inherit_sealed_keys_of_main()
    {
        await using var fixture = await ServerFixture.StartAsync($"auth: {{ inheritFromMain: true }}, {_keys.Section}");
        await fixture.OnboardAsync();
        await fixture.OnboardAsync(Two, KeyTwo, "main");
        await fixture.Files.WriteProfilesAsync("""{ "profiles": {} }""", "work");
        var answer = await fixture.StreamAsync(Prompts.Input(with: input => input.AgentId = "work"));
        Assert.EndsWith(" served", answer.Attempts, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Older_formats_are_imported_sealed()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, _keys.Section);
        var old = fixture.Files["agents/main/agent/auth.json"];
        Directory.CreateDirectory(Path.GetDirectoryName(old)!);
        await File.WriteAllTextAsync(old, $$"""{ "anthropic": { "type": "api_key", "key": "{{KeyOne}}" } }""");
        await fixture.StartServerAsync();
        Assert.Equal("anthropic:default served", (await fixture.StreamAsync()).Attempts);
        Assert.Empty(fixture.Files.Holding(KeyOne));
    }

    private static async Task<string> UsedAsync(ServerFixture fixture, string profile)
    {
        var answer = await fixture.StreamAsync(Prompts.Input(with: input => input.Model = $"claude-opus-4-6@{profile}"));
        Assert.Equal($"{profile} served", answer.Attempts);
        return fixture.Used()[^1];
    }
}
