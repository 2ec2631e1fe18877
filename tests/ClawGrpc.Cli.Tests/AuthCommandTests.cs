using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw models auth</c> and <c>claw agents</c>: command to RPC and RPC to text.</summary>
public sealed class AuthCommandTests : IAsyncLifetime
{
    private const string Token = "sk-ant-oat01-FAKE-TOKEN";

    private readonly Terminal _terminal = new();

    public async Task InitializeAsync() => await _terminal.StartAsync();

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Paste_token_reads_standard_input()
    {
        _terminal.Script.On<PasteTokenRequest>(_ => new PasteTokenResponse
        {
            ProfileId = "anthropic:work",
            Provider = "anthropic",
            ConfigPath = "/srv/u/.clawgrpc/clawgrpc.json",
            Notices = { "Terms apply." },
        });
        var run = await _terminal.RunAsync(
            [
                "models", "auth", "--agent", "work", "paste-token", "--provider", "anthropic", "--profile-id", "anthropic:work",
                "--expires-in", "365d",
            ],
            input: Token + "\n");
        Assert.Equal(
            new Run(
                0,
                "Updated ~/.clawgrpc/clawgrpc.json\nAuth profile: anthropic:work (anthropic/token)\n",
                "Note: Terms apply.\n"),
            run);
        Assert.Equal(
            new PasteTokenRequest
            {
                AgentId = "work",
                Provider = "anthropic",
                ProfileId = "anthropic:work",
                Token = Token,
                ExpiresIn = Duration.FromTimeSpan(TimeSpan.FromDays(365)),
            },
            _terminal.Script.Single<PasteTokenRequest>());
    }

    [Fact]
    public async Task Invalid_expiry_stores_nothing()
    {
        var run = await _terminal.RunAsync(
            ["models", "auth", "paste-token", "--provider", "anthropic", "--expires-in", "soon"],
            input: Token);
        Assert.Equal(new Run(1, "", "Error: invalid duration: soon\n"), run);
        Assert.Empty(_terminal.Script.Requests);
    }

    [Theory]
    [InlineData("paste-token")]
    [InlineData("order", "get")]
    [InlineData("order", "set", "anthropic:default")]
    [InlineData("order", "clear")]
    public async Task Missing_provider_fails_in_OpenClaws_words(params string[] command) => Assert.Equal(
        new Run(1, "", "error: required option '--provider <name>' not specified\n"),
        await _terminal.ClawAsync(["models", "auth", .. command]));

    [Fact]
    public async Task Blank_provider_counts_as_missing() => Assert.Equal(
        new Run(1, "", "Error: Missing --provider.\n"),
        await _terminal.ClawAsync("models", "auth", "order", "get", "--provider", " "));

    [Theory]
    [InlineData("order-get.txt", true, "get")]
    [InlineData("order-get.json", true, "get", "--json")]
    [InlineData("order-get-none.txt", false, "get")]
    [InlineData("order-get-none.json", false, "get", "--json")]
    [InlineData("order-set.txt", true, "set", "anthropic:b", " anthropic:a ")]
    [InlineData("order-clear.txt", false, "clear")]
    public async Task Order_commands_print_the_order(string golden, bool any, params string[] command)
    {
        var order = new ProfileOrder
        {
            AgentId = "main",
            AgentDir = "/srv/u/.clawgrpc/agents/main/agent",
            Provider = "anthropic",
            StorePath = "/srv/u/.clawgrpc/agents/main/agent/auth-profiles.json",
        };
        if (any)
            order.ProfileIds.Add(["anthropic:b", "anthropic:a"]);
        _terminal.Script.On<GetProfileOrderRequest>(_ => new GetProfileOrderResponse { Order = order });
        _terminal.Script.On<SetProfileOrderRequest>(_ => new SetProfileOrderResponse { Order = order });
        _terminal.Script.On<ClearProfileOrderRequest>(_ => new ClearProfileOrderResponse { Order = order });

        var run = await _terminal.ClawAsync(["models", "auth", "order", .. command, "--provider", "anthropic"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Matches("text/" + golden, run.Out);
        if (_terminal.Script.Requests.OfType<SetProfileOrderRequest>().SingleOrDefault() is { } set)
            Assert.Equal(["anthropic:b", "anthropic:a"], set.ProfileIds);
    }

    [Fact]
    public async Task Empty_order_is_refused()
    {
        Assert.Equal(
            new Run(1, "", "Error: Missing profile ids. Provide one or more profile ids.\n"),
            await _terminal.ClawAsync("models", "auth", "order", "set", "--provider", "anthropic", " "));
        Assert.Equal(
            new Run(1, "", "error: missing required argument 'profileIds'\nSee claw models auth order set --help.\n"),
            await _terminal.ClawAsync("models", "auth", "order", "set", "--provider", "anthropic"));
        Assert.Equal(
            new Run(1, "", "Error: Missing --provider.\n"),
            await _terminal.ClawAsync("models", "auth", "order", "clear", "--provider", " "));
    }

    [Fact]
    public async Task Refused_order_prints_the_servers_message()
    {
        const string message = "Auth profile \"anthropic:nope\" not found in /srv/u/.clawgrpc/agents/main/agent.";
        _terminal.Script.On<SetProfileOrderRequest>(
            _ => throw Script.Failure(StatusCode.NotFound, ErrorReason.ProfileNotFound, message));
        var run = await _terminal.ClawAsync("models", "auth", "order", "set", "--provider", "anthropic", "anthropic:nope");
        Assert.Equal(new Run(1, "", $"Error: {message}\n"), run);
    }

    [Fact]
    public async Task Reset_prints_the_profile()
    {
        _terminal.Script.On<ResetProfileRequest>(_ => new ResetProfileResponse());
        var run = await _terminal.ClawAsync("models", "auth", "reset", "anthropic:work", "--agent", "w");
        Assert.Equal(new Run(0, "Reset auth profile: anthropic:work\n", ""), run);
        Assert.Equal(
            new ResetProfileRequest { AgentId = "w", ProfileId = "anthropic:work" },
            _terminal.Script.Single<ResetProfileRequest>());
    }

    [Fact]
    public async Task Rebind_prints_each_profile_and_its_upstream()
    {
        _terminal.Script.On<RebindProfileRequest>(request => new RebindProfileResponse
        {
            Origin = "https://gateway.example",
            ProfileIds = { request.ProfileId.Length > 0 ? [] : ["anthropic:one", "anthropic:two"] },
        });
        Assert.Equal(
            new Run(
                0,
                "Rebound auth profile: anthropic:one -> https://gateway.example\n"
                    + "Rebound auth profile: anthropic:two -> https://gateway.example\n",
                ""),
            await _terminal.ClawAsync("models", "auth", "rebind", "--agent", "w"));
        Assert.Equal(new RebindProfileRequest { AgentId = "w" }, _terminal.Script.Single<RebindProfileRequest>());
        Assert.Equal(
            new Run(0, "Nothing to rebind: the upstream is https://gateway.example\n", ""),
            await _terminal.ClawAsync("models", "auth", "rebind", "--profile-id", "anthropic:one"));
    }

    [Fact]
    public async Task Delete_without_terminal_requires_yes()
    {
        _terminal.HasStatus(Samples.Rich(_terminal.Time.GetUtcNow()));
        _terminal.Script.On<DeleteProfileRequest>(_ => new DeleteProfileResponse());
        const string refusal = "Error: Refusing to remove auth profile anthropic:work (anthropic/api_key) without confirmation. "
            + "Pass --yes to remove it non-interactively.\n";
        Assert.Equal(new Run(1, "", refusal), await _terminal.ClawAsync("models", "auth", "delete", "anthropic:work"));
        Assert.Empty(_terminal.Script.Requests.OfType<DeleteProfileRequest>());
        Assert.Equal(
            new Run(0, "Removed auth profile: anthropic:work (anthropic/api_key)\n", ""),
            await _terminal.ClawAsync("models", "auth", "delete", "anthropic:work", "--yes"));
    }

    [Theory]
    [InlineData("agents.txt", "agents", "list")]
    [InlineData("agents.json", "agents", "list", "--json")]
    public async Task Agents_list_reads_every_page(string golden, params string[] arguments)
    {
        var first = new Agent
        {
            AgentId = "main",
            AgentDir = "/srv/u/.clawgrpc/agents/main/agent",
            DefaultAgent = true,
            Model = "anthropic/claude-opus-4-6",
            ProfileCount = 2,
            UpdateTime = Samples.At(_terminal.Time.GetUtcNow(), 0),
        };
        var second = new Agent { AgentId = "work", AgentDir = "/srv/work", DisplayName = "The other", Model = "sonnet" };
        _terminal.Script.On<ListAgentsRequest>(request => request.PageToken == "2"
            ? new ListAgentsResponse { Agents = { second } }
            : new ListAgentsResponse { Agents = { first }, NextPageToken = "2" });
        Golden.Matches("text/" + golden, (await _terminal.ClawAsync(arguments)).Out);
    }
}
