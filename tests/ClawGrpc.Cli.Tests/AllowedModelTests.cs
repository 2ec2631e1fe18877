using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests;

/// <summary>Names of models that may not exist, and the list of allowed models.</summary>
public sealed class AllowedModelTests : IAsyncLifetime
{
    private const string Config = "/srv/u/.clawgrpc/clawgrpc.json";
    private const string Warning = "Warning: Neither Anthropic nor the configuration lists anthropic/claude-opsu.\n";
    private const string Set = "Updated ~/.clawgrpc/clawgrpc.json\nDefault model: anthropic/claude-opsu\n";

    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script
            .On<ResolveModelRequest>(request => new ResolveModelResponse
            {
                Known = request.Model != "claude-opsu",
                Problem = "Neither Anthropic nor the configuration lists anthropic/claude-opsu.",
            })
            .On<SetDefaultModelRequest>(_ => new SetDefaultModelResponse
            {
                Model = "anthropic/claude-opsu",
                ConfigPath = Config,
            });
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Script_is_warned_of_an_unknown_model_and_goes_on() =>
        Assert.Equal(new Run(0, Set, Warning), await _terminal.ClawAsync("models", "set", "claude-opsu"));

    [Fact]
    public async Task Terminal_is_asked_and_no_changes_nothing()
    {
        var keyboard = new Keyboard().Type("n");
        Assert.Equal(
            new Run(0, "Cancelled.\n", Warning),
            await _terminal.RunAsync(["models", "set", "claude-opsu"], keyboard: keyboard));
        Assert.Contains("Use it anyway? [y/N]", keyboard.Screen, StringComparison.Ordinal);
        Assert.Empty(_terminal.Script.Requests.OfType<SetDefaultModelRequest>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Yes_sets_it(bool option)
    {
        string[] arguments = ["models", "set", "claude-opsu", .. option ? new[] { "--yes" } : []];
        var run = await _terminal.RunAsync(arguments, keyboard: option ? new Keyboard() : new Keyboard().Type("y"));
        Assert.Equal(new Run(0, Set, Warning), run);
    }

    [Fact]
    public async Task Known_model_is_set_without_a_question() =>
        Assert.Equal(new Run(0, Set, ""), await _terminal.RunAsync(["models", "set", "opus"], keyboard: new Keyboard()));

    [Fact]
    public async Task First_listed_model_is_said_to_begin_the_list()
    {
        _terminal.Script.On<SetDefaultModelRequest>(_ => new SetDefaultModelResponse
        {
            Model = "a/b",
            ConfigPath = Config,
            NewAllowedModels = { "a/b" },
        });
        Assert.Equal(
            new Run(
                0,
                "Updated ~/.clawgrpc/clawgrpc.json\nDefault model: a/b\n",
                "Note: only listed models and the default one may be used from now on: a/b\n"
                + "Allow another one: claw models allow NAME. Allow all again: claw models disallow a/b\n"),
            await _terminal.ClawAsync("models", "set", "a/b"));
    }

    [Fact]
    public async Task Allow_prints_the_list_and_warns_of_unknown_models()
    {
        _terminal.Script.On<AllowModelsRequest>(request => new AllowModelsResponse
        {
            AllowedModels = { request.Models },
            ConfigPath = Config,
        });
        Assert.Equal(
            new Run(0, "Updated ~/.clawgrpc/clawgrpc.json\nAllowed models (2): opus, claude-opsu\n", Warning),
            await _terminal.ClawAsync("models", "allow", "opus", "claude-opsu"));
    }

    [Fact]
    public async Task Disallow_prints_what_is_left()
    {
        _terminal.Script.On<DisallowModelsRequest>(request => new DisallowModelsResponse
        {
            AllowedModels = { request.Models.Count == 1 ? ["c/d"] : [] },
            RemovedAliases = { "quick" },
            ConfigPath = Config,
        });
        Assert.Equal(
            new Run(
                0,
                "Updated ~/.clawgrpc/clawgrpc.json\nAllowed models (1): c/d\n",
                "Note: removed with them: alias quick\n"),
            await _terminal.ClawAsync("models", "disallow", "a/b"));
        Assert.Equal(
            "Updated ~/.clawgrpc/clawgrpc.json\nThe list of allowed models is off: all models may be used.\n",
            (await _terminal.ClawAsync("models", "disallow", "a/b", "c/d")).Out);
    }
}
