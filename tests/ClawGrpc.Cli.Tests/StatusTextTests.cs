using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>models status</c> for people.</summary>
public class StatusTextTests
{
    [Theory]
    [InlineData("002-no-creds-config")]
    [InlineData("003-env-api-key")]
    [InlineData("016-multi-explicit-order")]
    [InlineData("017-cooldown")]
    [InlineData("033-fallbacks-aliases")]
    public async Task Text_of_recorded_status_matches_its_file(string name)
    {
        await using var terminal = await new Terminal().StartAsync();
        terminal.HasStatus(OpenClawStatus.Parse(Golden.Text($"status/{name}.json"), revision: 7));
        Golden.Matches($"text/{name}.txt", (await terminal.ClawAsync("models", "status")).Out);
    }

    [Fact]
    public async Task Models_alone_prints_the_status()
    {
        await using var terminal = await new Terminal().StartAsync();
        terminal.HasStatus(OpenClawStatus.Parse(Golden.Text("status/002-no-creds-config.json"), revision: 7));
        Golden.Matches("text/002-no-creds-config.txt", (await terminal.ClawAsync("models")).Out);
        Assert.StartsWith("{", (await terminal.ClawAsync("models", "--status-json")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_of_full_status_matches_its_file()
    {
        await using var terminal = await new Terminal().StartAsync();
        terminal.HasStatus(Samples.Rich(terminal.Time.GetUtcNow()));
        Golden.Matches("text/rich.txt", (await terminal.ClawAsync("models", "status")).Out);
    }

    [Fact]
    public async Task Plain_prints_the_resolved_model()
    {
        await using var terminal = await new Terminal().StartAsync();
        terminal.HasStatus(OpenClawStatus.Parse(Golden.Text("status/002-no-creds-config.json"), revision: 7));
        var run = await terminal.ClawAsync("models", "status", "--plain", "--check");
        Assert.Equal(("anthropic/claude-opus-4-6\n", 1), (run.Out, run.ExitCode));
    }

    [Theory]
    [InlineData("models", "status", "--json", "--plain")]
    [InlineData("models", "list", "--json", "--plain")]
    [InlineData("models", "aliases", "list", "--json", "--plain")]
    public async Task Json_and_plain_exclude_each_other(params string[] arguments)
    {
        await using var terminal = new Terminal();
        Assert.Equal(new Run(1, "", "Error: Choose either --json or --plain, not both.\n"), await terminal.ClawAsync(arguments));
    }
}
