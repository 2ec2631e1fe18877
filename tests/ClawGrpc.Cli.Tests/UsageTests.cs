using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw usage</c>.</summary>
public sealed class UsageTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script.On<GetUsageRequest>(request => request.PageToken.Length == 0
            ? new GetUsageResponse { Rows = { Row("2026-02-07", "ci", 1_234_567) }, NextPageToken = "1", Total = Counters(9, 1) }
            : new GetUsageResponse { Rows = { Row("2026-02-08", "", 8) }, Total = Counters(1_234_575, 1) });
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Theory]
    [InlineData("usage.txt")]
    [InlineData("usage-by.txt", "--by", "model,client,day")]
    [InlineData("usage.json", "--json", "--by", "client")]
    public async Task Usage_matches_its_file(string golden, params string[] options)
    {
        var run = await _terminal.ClawAsync(["usage", .. options]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Matches("text/" + golden, run.Out);
    }

    [Fact]
    public async Task Total_alone_has_no_names()
    {
        _terminal.Script.On<GetUsageRequest>(_ => new GetUsageResponse { Total = Counters(2, 0) });
        Assert.Equal(
            "Usage from 2026-01-10 to 2026-02-08 (UTC)\nCompletions  Input  Output  Cache write  Cache read   Cost\n"
            + "          2    200      20            2           4  $0.20\n",
            (await _terminal.ClawAsync("usage", "--by", "none")).Out);
    }

    [Theory]
    [InlineData("2026-02-02", "2026-02-08", "--since", "7d")]
    [InlineData("2026-02-08", "2026-02-08", "--since", "12h")]
    [InlineData("2025-12-24", "2025-12-31", "--since", "2025-12-24", "--until", "2025-12-31")]
    public async Task Days_are_those_of_the_options(string first, string last, params string[] options)
    {
        await _terminal.ClawAsync(["usage", "--agent", "work", "--client", "ci", .. options]);
        var request = _terminal.Script.Requests.OfType<GetUsageRequest>().First();
        Assert.Equal((first, last, "work", "ci"), (request.FirstDay, request.LastDay, request.AgentId, request.Client));
    }

    [Theory]
    [InlineData("Invalid --by \"hour\" (use day, client, agent, profile, model, or none).", "--by", "day,hour")]
    [InlineData("Invalid --since \"soon\" (use a day such as 2026-02-08, or a duration such as 7d).", "--since", "soon")]
    [InlineData("Invalid --until \"7d\" (use a day such as 2026-02-08).", "--until", "7d")]
    [InlineData("--since 2026-02-08 is after --until 2026-02-07.", "--since", "2026-02-08", "--until", "2026-02-07")]
    public async Task Wrong_options_are_refused(string problem, params string[] options)
    {
        Assert.Equal(new Run(1, "", $"Error: {problem}\n"), await _terminal.ClawAsync(["usage", .. options]));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Agent_that_does_not_exist_is_named()
    {
        string[] command = ["usage", "--agent", "nosuch", "--by", "none"];
        _terminal.Script.On<GetStatusRequest>(request => throw Script.Failure(
            StatusCode.NotFound, ErrorReason.AgentNotFound, "No agent.", new() { ["agent_id"] = request.AgentId }));
        Assert.Equal(0, (await _terminal.ClawAsync(command)).ExitCode);
        _terminal.Script.On<GetUsageRequest>(_ => new GetUsageResponse { Total = new UsageCounters() });
        Assert.Equal(
            new Run(1, "", "Error: Unknown agent id \"nosuch\". Use \"claw agents list\" to see configured agents.\n"),
            await _terminal.ClawAsync(command));
        Assert.Equal(0, (await _terminal.ClawAsync("usage")).ExitCode);
    }

    private static UsageRow Row(string day, string client, long completions) => new()
    {
        Day = day,
        Client = client,
        Model = "anthropic/claude-opus-4-6",
        Counters = Counters(completions, 0),
    };

    private static UsageCounters Counters(long completions, long unpriced) => new()
    {
        Completions = completions,
        UnpricedCompletions = unpriced,
        InputTokens = 100 * completions,
        OutputTokens = 10 * completions,
        CacheCreationInputTokens = completions,
        CacheReadInputTokens = 2 * completions,
        CostNanoUsd = 100_000_000 * completions,
    };
}
