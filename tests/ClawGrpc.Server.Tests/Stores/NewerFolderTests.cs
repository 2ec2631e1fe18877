using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Tests.Harness;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Stores;

/// <summary>A folder that a newer OpenClaw uses: what ClawGrpc does not understand of it is a warning, not an end.</summary>
public class NewerFolderTests
{
    [Theory]
    [InlineData("auth: { cooldowns: { overloadedProfileRotations: 2 } }", "auth.cooldowns", "overloadedProfileRotations")]
    [InlineData("auth: { profiles: { 'anthropic:aws': { provider: 'anthropic', mode: 'aws-sdk' } } }",
        "auth.profiles.anthropic:aws.mode", "Invalid input")]
    [InlineData("auth: { profiles: { a: { provider: 'openai', mode: 'token', region: 'x' } } }", "auth.profiles.a", "region")]
    [InlineData("auth: { rotation: { strategy: 'x' } }", "auth", "rotation")]
    [InlineData("auth: { order: { anthropic: { ids: [] } } }", "auth.order.anthropic", "expected array, received object")]
    [InlineData("agents: { list: [{ id: 'main', persona: {} }] }", "agents.list.0", "persona")]
    [InlineData("agents: { fleet: {} }", "agents", "fleet")]
    [InlineData("agents: { defaults: { models: { 'anthropic/claude-opus-4-6': { tier: 1 } } } }",
        "agents.defaults.models.anthropic/claude-opus-4-6", "tier")]
    [InlineData("env: { shellEnv: { enabled: false, shell: 'zsh' } }", "env.shellEnv", "shell")]
    [InlineData("env: { SOME: 1 }", "env.SOME", "expected string, received number")]
    [InlineData("novelty: 1", "<root>", "novelty")]
    public async Task Unknown_part_of_their_file_is_a_warning(string part, string path, string reason)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await WriteAsync(fixture, "openclaw.json", part);
        await fixture.StartServerAsync();
        await fixture.OnboardAsync("anthropic:default");
        Assert.Equal("anthropic:default served", (await fixture.StreamAsync()).Attempts);

        var warning = (await fixture.StatusAsync()).ConfigurationWarnings.Single();
        Assert.Equal((fixture.Files["openclaw.json"], path), (warning.Path, warning.KeyPath));
        Assert.Contains(reason, warning.Reason, StringComparison.Ordinal);
        Assert.True(warning.Line > 0);
        Assert.Contains(fixture.Log.All, line => line.Contains($"{path}: Ignored: ", StringComparison.Ordinal));

        // In ClawGrpc's own file it is an error, and through an include it is their file's.
        await fixture.StopServerAsync();
        await File.WriteAllTextAsync(fixture.Files.ConfigPath, "{ $include: './openclaw.json' }");
        await fixture.RestartServerAsync();
        Assert.Equal(path, (await fixture.StatusAsync()).ConfigurationWarnings.Single().KeyPath);
        await fixture.StopServerAsync();
        await WriteAsync(fixture, "clawgrpc.json", part);
        await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
    }

    [Theory]
    [InlineData("openclaw.json")]
    [InlineData("clawdbot.json")]
    [InlineData("moltbot.json")]
    public async Task Newer_provider_needs_no_URL_and_no_models(string name)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(fixture.Files[name], $$"""
            { "models": { "providers": {
                "xai": { "apiKey": { "source": "file", "provider": "xai_key", "id": "value" }, "models": [{ "id": "grok" }] },
                "anthropic": { "apiKey": { "source": "env", "provider": "default", "id": "CLAW_TEST_NEWER" },
                  "baseUrl": "{{fixture.Sandbox.BaseUrl}}" } } },
              "secrets": { "providers": { "default": { "source": "env" }, "x": { "source": "exec", "command": "/bin/x" } },
                "resolution": { "maxBatchBytes": 1 } },
              "env": { "vars": { "CLAW_TEST_NEWER": "{{KeyOne}}" } } }
            """);
        await fixture.StartServerAsync();
        Assert.Equal("(no profile) served", (await fixture.StreamAsync()).Attempts);
        Assert.Equal(KeyOne, fixture.Sandbox.Requests.Single().Credential);
    }

    [Theory]
    [InlineData("models: []")]
    [InlineData("models: { providers: [] }")]
    [InlineData("models: { providers: { anthropic: 'x' } }")]
    [InlineData("models: { providers: { anthropic: { baseUrl: 1, models: [] } } }")]
    [InlineData("models: { providers: { anthropic: { baseUrl: '', models: [] } } }")]
    [InlineData("models: { providers: { anthropic: { baseUrl: 'ftp://x', models: [] } } }")]
    [InlineData("agents: { defaults: { models: ['anthropic/claude-opus-4-6'] } }")]
    public async Task Broken_upstream_or_allow_list_is_an_error_in_any_file(string part)
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await File.WriteAllTextAsync(fixture.Files["openclaw.json"], $"{{ {part} }}");
        await Assert.ThrowsAsync<UnusableConfigurationException>(fixture.StartServerAsync);
    }

    [Fact]
    public async Task Warning_comes_and_goes_while_the_server_runs()
    {
        await using var fixture = await ServerFixture.PrepareAsync();
        await WriteAsync(fixture, "openclaw.json", "");
        await fixture.StartServerAsync();
        using var watcher = fixture.Watch();
        Assert.Empty((await watcher.NextAsync()).ConfigurationWarnings);
        foreach (var (part, count) in new[] { ("novelty: 1", 1), ("", 0) })
        {
            await WriteAsync(fixture, "openclaw.json", part);
            await fixture.Time.WaitForPeriodAsync(FileChanges.Interval);
            fixture.Time.Advance(FileChanges.Interval);
            Assert.Equal(count, (await watcher.NextAsync()).ConfigurationWarnings.Count);
        }
    }

    private static Task WriteAsync(ServerFixture fixture, string name, string part) => File.WriteAllTextAsync(
        fixture.Files[name],
        $$"""
        {
          models: { providers: { anthropic: { baseUrl: "{{fixture.Sandbox.BaseUrl}}", models: [] } } },
          {{part}}
        }
        """);
}
