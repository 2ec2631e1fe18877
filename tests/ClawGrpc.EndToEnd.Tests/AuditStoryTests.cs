using System.Text.Json;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>The audit and the log as an operator uses them.</summary>
public class AuditStoryTests
{
    [Fact]
    public async Task Operator_keeps_the_head_follows_and_finds_what_was_changed()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync("--log-format", "json", "--log-level", "debug");
        await fixture.ClawAsync("onboard", "--non-interactive", "--anthropic-api-key", ProcessFixture.KeyOne);
        var head = (await fixture.ClawAsync("audit", "head")).Trim();
        Assert.Matches("^[0-9]+:[0-9a-f]{64}$", head);
        var tail = await fixture.ClawAsync("audit", "tail");
        Assert.Contains(" change local AuthService/Onboard main anthropic:default ok\n", tail, StringComparison.Ordinal);
        var lines = await fixture.ClawAsync("audit", "tail", "-n", "2", "--json");
        Assert.Equal(2, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith("Whole: ", await fixture.ClawAsync("audit", "verify", "--anchor", head));

        // The log is JSON, each line an object, with the change in it.
        var log = server.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var change = Assert.Single(log, line => line.GetProperty("EventId").GetInt32() == 62);
        Assert.Equal("main", change.GetProperty("State").GetProperty("AgentId").GetString());
        Assert.Equal(
            "AuthService/Onboard of the client local, agent main, profile anthropic:default: ok, reason none",
            change.GetProperty("Message").GetString());

        server.Signal(RunningProgram.SigTerm);
        await server.ExitAsync();
        var path = Path.Join(fixture.State, "audit.jsonl");
        var text = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, text.Replace("anthropic:default", "anthropic:devault", StringComparison.Ordinal));
        await fixture.ServeAsync();
        var verify = fixture.Claw(["audit", "verify"]);
        Assert.Equal(1, await verify.ExitAsync());
        Assert.Matches("^The audit was changed: .*audit.jsonl, line [0-9]+: its hash is not that of its content.\n$", verify.Out);
        Assert.DoesNotContain(ProcessFixture.KeyOne, text + server.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_disk_refuses_changes_and_leaves_whole_lines()
    {
        await using var fixture = await ProcessFixture.BuildAsync();
        var server = await fixture.ServeAsync();
        for (var number = 0; number < 12; number++)
            await fixture.ClawAsync("models", "set", $"anthropic/claude-opus-4-{number}");
        server.Signal(RunningProgram.SigTerm);
        await server.ExitAsync();

        // Files may grow to so many blocks of 1024 bytes, which the audit is about to reach.
        var path = Path.Join(fixture.State, "audit.jsonl");
        var blocks = (new FileInfo(path).Length / 1024) + 2;
        var program = Path.Combine(RunningProgram.OutputOf("ClawGrpc.Server"), "clawgrpc");
        using var limited = RunningProgram.Start(
            "bash",

            // The runtime's own memory must not be files.
            new Dictionary<string, string> { ["DOTNET_EnableWriteXorExecute"] = "0" },
            ["-c", $"trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"", program, "--state-dir", fixture.State]);
        await limited.LineWithAsync("clawgrpc ready on");
        string error;
        do
        {
            var claw = fixture.Claw(["models", "set", "anthropic/claude-haiku-4-5"]);
            error = await claw.ExitAsync() == 0 ? "" : claw.Error;
        }
        while (error.Length == 0);
        Assert.Contains("Nothing was changed, since the audit", error, StringComparison.Ordinal);
        limited.Signal(RunningProgram.SigTerm);
        await limited.ExitAsync();
        await fixture.ServeAsync();
        Assert.StartsWith("Whole: ", await fixture.ClawAsync("audit", "verify"));
    }
}
