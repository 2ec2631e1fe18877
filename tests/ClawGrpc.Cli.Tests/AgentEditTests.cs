using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw agents add</c> and <c>claw agents remove</c>.</summary>
public sealed class AgentEditTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script
            .On<AddAgentRequest>(request => new AddAgentResponse
            {
                Agent = new Agent
                {
                    AgentId = "my-work",
                    DisplayName = "My work",
                    AgentDir = "/srv/u/.clawgrpc/agents/my-work/agent",
                    Model = request.Model.Length > 0 ? request.Model : "anthropic/claude-opus-4-6",
                },
                ConfigPath = "/srv/u/.clawgrpc/clawgrpc.json",
                DefaultAgentId = "main",
                DefaultAgentListed = true,
            })
            .On<ListAgentsRequest>(_ => new ListAgentsResponse
            {
                Agents = { new Agent { AgentId = "work", DefaultAgent = true } },
            })
            .On<RemoveAgentRequest>(_ => new RemoveAgentResponse
            {
                ConfigPath = "/srv/u/.clawgrpc/clawgrpc.json",
                AgentDir = "/srv/u/.clawgrpc/agents/work/agent",
                ProfileCount = 1,
                Exists = true,
                DefaultAgentId = "main",
            });
    }

    [Fact]
    public async Task Name_with_letters_that_no_id_has_is_refused()
    {
        Assert.Equal(
            new Run(1, "", "Error: An agent's id has the letters a to z, digits, dashes and underscores only; \"Ünï\" has "
                + "others. Choose such a name, such as work.\n"),
            await _terminal.ClawAsync("agents", "add", "Ünï"));
        Assert.Empty(_terminal.Script.Requests);
        Assert.Equal(0, (await _terminal.ClawAsync("agents", "add", "My work – at home!")).ExitCode);
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Theory]
    [InlineData("agent-added.txt")]
    [InlineData("agent-added.json", "--json")]
    public async Task Add_prints_the_agent_and_what_comes_next(string golden, params string[] options)
    {
        var run = await _terminal.ClawAsync(["agents", "add", "My work", .. options]);
        Assert.Equal(
            (0, "Note: main stays the default agent: it is listed as that now.\nNext: claw onboard --agent my-work\n"),
            (run.ExitCode, run.Error));
        Golden.Matches("text/" + golden, run.Out);
    }

    [Fact]
    public async Task Options_of_OpenClaw_are_ignored_and_said_to_be()
    {
        var run = await _terminal.ClawAsync(
            "agents", "add", "work", "--non-interactive", "--workspace", "/srv/w", "--model", "haiku");
        Assert.StartsWith(
            "Note: ignored, there is no workspace to set up: --workspace\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(
            new AddAgentRequest { Name = "work", Model = "haiku" }, _terminal.Script.Single<AddAgentRequest>());
    }

    [Theory]
    [InlineData("agent-removed.txt")]
    [InlineData("agent-removed.json", "--json")]
    public async Task Remove_says_what_stays(string golden, params string[] options)
    {
        var run = await _terminal.ClawAsync(["agents", "remove", "work", "--yes", .. options]);
        Assert.Equal(0, run.ExitCode);
        Golden.Matches("text/" + golden, run.Out + run.Error);
    }

    [Fact]
    public async Task Remove_asks_at_a_terminal()
    {
        var keyboard = new Keyboard().Type("n");
        Assert.Equal(
            new Run(0, "Cancelled.\n", ""), await _terminal.RunAsync(["agents", "remove", "work"], keyboard: keyboard));
        Assert.Contains("Remove agent work from the configuration? Its files stay.", keyboard.Screen, StringComparison.Ordinal);
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Remove_without_a_terminal_takes_yes() => Assert.Equal(
        new Run(
            1, "",
            "Error: Refusing to remove agent work without confirmation. Pass --yes to remove it non-interactively.\n"),
        await _terminal.ClawAsync("agents", "remove", "work"));
}
