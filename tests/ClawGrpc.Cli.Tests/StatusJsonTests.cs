using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>models status --json</c> and <c>--check</c> against what OpenClaw 2026.2.6-3 printed in recorded runs.</summary>
public class StatusJsonTests
{
    public static TheoryData<string, int> RecordedRuns => new()
    {
        { "002-no-creds-config.json", 1 },
        { "003-env-api-key.json", 0 },
        { "010-token-expiring.json", 2 },
        { "016-multi-explicit-order.json", 0 },
        { "017-cooldown.json", 0 },
        { "033-fallbacks-aliases.json", 1 },
    };

    [Theory]
    [MemberData(nameof(RecordedRuns))]
    public async Task Json_equals_OpenClaws_and_adds_the_revision(string name, int checkExitCode)
    {
        await using var terminal = await new Terminal().StartAsync();
        var recorded = Golden.Text("status/" + name);
        terminal.HasStatus(OpenClawStatus.Parse(recorded, revision: 7));

        var run = await terminal.ClawAsync("models", "status", "--json", "--check");

        Assert.Equal(recorded[..^3] + ",\n  \"revision\": 7\n}\n", run.Out);
        Assert.Equal("", run.Error);
        Assert.Equal(checkExitCode, run.ExitCode);
    }

    [Fact]
    public async Task Exit_code_without_check_is_0()
    {
        await using var terminal = await new Terminal().StartAsync();
        terminal.HasStatus(OpenClawStatus.Parse(Golden.Text("status/002-no-creds-config.json"), revision: 7));
        Assert.Equal(0, (await terminal.ClawAsync("models", "status", "--json")).ExitCode);
    }

    [Fact]
    public async Task Agent_option_names_the_agent_in_request_and_json()
    {
        await using var terminal = await new Terminal().StartAsync();
        terminal.HasStatus(new AgentStatus { AgentId = "work", ConfigPath = "/c", AgentDir = "/d", OwnDefaultModel = true });

        var run = await terminal.ClawAsync("models", "status", "--json", "--agent", "work");

        Assert.Equal("work", terminal.Script.Single<GetStatusRequest>().AgentId);
        Assert.StartsWith(
            "{\n  \"configPath\": \"/c\",\n  \"agentId\": \"work\",\n  \"agentDir\": \"/d\",\n",
            run.Out,
            StringComparison.Ordinal);
        Assert.Contains(
            "\"imageFallbacks\": [],\n  \"modelConfig\": {\n    \"defaultSource\": \"agent\",\n"
            + "    \"fallbacksSource\": \"defaults\"\n  },\n  \"aliases\"",
            run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Own_members_stand_at_the_end_of_each_object()
    {
        await using var terminal = await new Terminal().StartAsync();
        terminal.HasStatus(Samples.Rich(terminal.Time.GetUtcNow()));
        Golden.Matches("status/rich.json", (await terminal.ClawAsync("models", "status", "--json")).Out);
    }

    [Fact]
    public async Task Clock_ahead_of_the_server_makes_no_negative_wait()
    {
        await using var terminal = await new Terminal().StartAsync();
        var status = new AgentStatus { Auth = new AuthStatus() };
        status.Auth.UnusableProfiles.Add(new UnusableProfile
        {
            ProfileId = "anthropic:default",
            Kind = "cooldown",
            RecoverTime = Timestamp.FromDateTimeOffset(terminal.Time.GetUtcNow() - TimeSpan.FromSeconds(2)),
        });
        terminal.HasStatus(status);
        Assert.Contains(
            "\"remainingMs\": 0\n",
            (await terminal.ClawAsync("models", "status", "--json")).Out,
            StringComparison.Ordinal);
    }
}
