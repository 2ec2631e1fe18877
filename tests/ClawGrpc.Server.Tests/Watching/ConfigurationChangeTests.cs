using System.Runtime.InteropServices;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Watching;

/// <summary>The configuration is part of every agent's status, after calls and edits alike.</summary>
public class ConfigurationChangeTests
{
    // Calls that name no agent are about "work".
    private const string Agents = "list: [{ id: 'work', default: true }, { id: 'main' }]";
    private const string Sonnet = "anthropic/claude-sonnet-4-6";

    [Fact]
    public async Task New_default_model_reaches_a_watcher()
    {
        await using var fixture = await ServerFixture.StartAsync($"agents: {{ {Agents} }}");
        using var watcher = fixture.Watch();
        var before = await watcher.NextAsync();
        await fixture.Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = Sonnet });
        await IsNewAsync(fixture, before);
        Assert.Equal(Sonnet, (await watcher.NextAsync()).ResolvedDefault);
    }

    [Fact]
    public async Task Onboarding_another_agent_reaches_a_watcher()
    {
        await using var fixture = await ServerFixture.StartAsync($"agents: {{ {Agents} }}");
        await fixture.OnboardAsync();
        using var watcher = fixture.Watch();
        var before = await watcher.NextAsync();

        // Both agents have a profile of this id, and the configuration declares whose it is.
        await fixture.Auth.OnboardAsync(new OnboardRequest
        {
            AgentId = "main",
            ProfileId = One,
            ApiKey = new ApiKeyCredential { Key = KeyTwo, Email = "me@example.com" },
        });
        await IsNewAsync(fixture, before);
        Assert.Equal($"{One} (me@example.com)", (await watcher.NextAsync()).Auth.Profiles.Single().Label);
    }

    [Fact]
    public async Task Edit_by_hand_reaches_a_watcher_when_a_call_finds_it()
    {
        await using var fixture = await ServerFixture.StartAsync($"agents: {{ {Agents} }}");
        using var watcher = fixture.Watch();
        var before = await watcher.NextAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, $"agents: {{ {Agents}, defaults: {{ model: '{Sonnet}' }} }}");
        await fixture.OnboardAsync(agent: "main");
        await IsNewAsync(fixture, before);
        Assert.Equal(Sonnet, (await watcher.NextAsync()).ResolvedDefault);
    }

    [NeedsHangupFact]
    public async Task Hangup_takes_up_the_configuration_at_once()
    {
        const int hangup = 1;
        await using var fixture = await ServerFixture.StartAsync();
        using var watcher = fixture.Watch();
        await watcher.NextAsync();
        await fixture.Files.ConfigureAsync(fixture.Sandbox.BaseUrl, $"agents: {{ defaults: {{ model: '{Sonnet}' }} }}");

        // The clock stands still, so the server does not look at its files by itself.
        using var signals = Shutdown.ReloadOnHangup(fixture.Part<IServiceProvider>());
        Assert.Equal(0, Kill(Environment.ProcessId, hangup));
        await watcher.UntilAsync(status => status.ResolvedDefault == Sonnet).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Remaining_time_counts_down_within_a_revision()
    {
        await using var fixture = await ServerFixture.StartAsync();
        var until = fixture.Time.GetUtcNow().AddMinutes(89.7).ToUnixTimeMilliseconds();
        await fixture.Files.WriteProfilesAsync($$"""
            { "version": 1, "profiles": { "{{One}}": { "type": "api_key", "provider": "anthropic", "key": "{{KeyOne}}" } },
              "usageStats": { "{{One}}": { "cooldownUntil": {{until}} } } }
            """);
        var first = await fixture.StatusAsync();
        Assert.EndsWith(" [cooldown 2h]", first.Auth.Providers.Single().Labels.Single(), StringComparison.Ordinal);
        fixture.Time.Advance(TimeSpan.FromMinutes(31));
        var second = await fixture.StatusAsync();
        Assert.EndsWith(" [cooldown 59m]", second.Auth.Providers.Single().Labels.Single(), StringComparison.Ordinal);
        Assert.Equal(first.Revision, second.Revision);
    }

    // Asked for, since a watcher that is not told waits without an end.
    private static async Task IsNewAsync(ServerFixture fixture, AgentStatus before) =>
        Assert.True((await fixture.StatusAsync()).Revision > before.Revision, "The change made no new revision.");

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
