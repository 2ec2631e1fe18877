using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw models list|set|aliases|fallbacks</c>: command to RPC and RPC to text.</summary>
public sealed class ModelCommandTests : IAsyncLifetime
{
    private const string Opus = "anthropic/claude-opus-4-6";
    private const string Config = "/srv/u/.openclaw/openclaw.json";

    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script
            .On<SetDefaultModelRequest>(_ => new SetDefaultModelResponse { Model = Opus, ConfigPath = Config })
            .On<AddModelAliasRequest>(_ => new AddModelAliasResponse { Model = Opus, ConfigPath = Config })
            .On<RemoveModelAliasRequest>(_ => new RemoveModelAliasResponse { ConfigPath = Config })
            .On<AddModelFallbackRequest>(_ => new AddModelFallbackResponse { ConfigPath = Config, Fallbacks = { "a/b", "c/d" } })
            .On<RemoveModelFallbackRequest>(_ => new RemoveModelFallbackResponse { ConfigPath = Config, Fallbacks = { "a/b" } })
            .On<ClearModelFallbacksRequest>(_ => new ClearModelFallbacksResponse { ConfigPath = Config });
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    public static TheoryData<string[], IMessage, string> Edits => new()
    {
        { ["set", "opus"], new SetDefaultModelRequest { Model = "opus" }, "Default model: anthropic/claude-opus-4-6" },
        {
            ["aliases", "add", "o", "opus"],
            new AddModelAliasRequest { Alias = "o", Model = "opus" },
            "Alias o -> anthropic/claude-opus-4-6"
        },
        { ["fallbacks", "add", "c/d"], new AddModelFallbackRequest { Model = "c/d" }, "Fallbacks: a/b, c/d" },
        { ["fallbacks", "remove", "c/d"], new RemoveModelFallbackRequest { Model = "c/d" }, "Fallbacks: a/b" },
        { ["fallbacks", "clear"], new ClearModelFallbacksRequest(), "Fallback list cleared." },
        {
            ["set-image", "opus"],
            new SetDefaultModelRequest { Model = "opus", Image = true },
            "Image model: anthropic/claude-opus-4-6"
        },
        {
            ["image-fallbacks", "add", "c/d"],
            new AddModelFallbackRequest { Model = "c/d", Image = true },
            "Image fallbacks: a/b, c/d"
        },
        {
            ["image-fallbacks", "remove", "c/d"],
            new RemoveModelFallbackRequest { Model = "c/d", Image = true },
            "Image fallbacks: a/b"
        },
        { ["image-fallbacks", "clear"], new ClearModelFallbacksRequest { Image = true }, "Image fallback list cleared." },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task Edit_makes_one_call_and_prints_the_result(string[] command, IMessage request, string line)
    {
        Assert.Equal(
            new Run(0, $"Updated ~/.openclaw/openclaw.json\n{line}\n", ""),
            await _terminal.ClawAsync(["models", .. command]));
        Assert.Equal(
            request,
            Assert.Single(_terminal.Script.Requests, asked => asked is not (ResolveModelRequest or GetStatusRequest)));
    }

    [Theory]
    [InlineData("old", Opus, "Note: it replaces old, which is no alias any more: a model has one.\n")]
    [InlineData("o", Opus, "")]
    [InlineData("old", "x/1", "")]
    public async Task Alias_that_is_replaced_is_named(string there, string model, string note)
    {
        _terminal.HasStatus(new AgentStatus { Aliases = { { there, model } } });
        Assert.Equal(note, (await _terminal.ClawAsync("models", "aliases", "add", "o", "opus")).Error);
    }

    [Theory]
    [InlineData("only", "No aliases configured.\n")]
    [InlineData("other", "")]
    public async Task Removing_the_last_alias_prints_a_note(string there, string line)
    {
        _terminal.HasStatus(new AgentStatus { Aliases = { { there, "x/1" } } });
        Assert.Equal(
            new Run(0, $"Updated ~/.openclaw/openclaw.json\n{line}", ""),
            await _terminal.ClawAsync("models", "aliases", "remove", " only "));
        Assert.Equal(new RemoveModelAliasRequest { Alias = "only" }, _terminal.Script.Single<RemoveModelAliasRequest>());
    }

    [Theory]
    [InlineData("aliases", "", "Aliases (2):\n- b -> x/2\n- a -> x/1\n")]
    [InlineData("aliases", "--plain", "b x/2\na x/1\n")]
    [InlineData("aliases", "--json", "{\n  \"aliases\": {\n    \"b\": \"x/2\",\n    \"a\": \"x/1\"\n  }\n}\n")]
    [InlineData("image-fallbacks", "", "Image fallbacks (1):\n- x/3\n")]
    [InlineData("image-fallbacks", "--json", "{\n  \"fallbacks\": [\n    \"x/3\"\n  ]\n}\n")]
    [InlineData("fallbacks", "", "Fallbacks (2):\n- x/2\n- b\n")]
    [InlineData("fallbacks", "--plain", "x/2\nb\n")]
    [InlineData("fallbacks", "--json", "{\n  \"fallbacks\": [\n    \"x/2\",\n    \"b\"\n  ]\n}\n")]
    public async Task Aliases_and_fallbacks_come_from_the_status(string list, string option, string expected)
    {
        var status = new AgentStatus { Fallbacks = { "x/2", "b" }, ImageFallbacks = { "x/3" } };
        status.Aliases.Add("b", "x/2");
        status.Aliases.Add("a", "x/1");
        _terminal.HasStatus(status);
        Assert.Equal(
            new Run(0, expected, ""),
            await _terminal.ClawAsync([.. new[] { "models", list, "list", option }.Where(argument => argument.Length > 0)]));
    }

    [Theory]
    [InlineData("aliases", "Aliases (0):\n- none\n")]
    [InlineData("fallbacks", "Fallbacks (0):\n- none\n")]
    public async Task Empty_list_prints_none(string list, string expected)
    {
        _terminal.HasStatus(new AgentStatus());
        Assert.Equal(expected, (await _terminal.ClawAsync("models", list, "list")).Out);
    }

    [Theory]
    [InlineData("models.txt")]
    [InlineData("models-plain.txt", "--plain")]
    [InlineData("models.json", "--json")]
    [InlineData("models-all.txt", "--all")]
    [InlineData("models-all-plain.txt", "--all", "--plain")]
    public async Task Models_list_matches_its_file(string golden, params string[] options)
    {
        _terminal.Script.On<ListModelsRequest>(_ => Listed());
        var run = await _terminal.ClawAsync(["models", "list", .. options]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Matches("text/" + golden, run.Out);
    }

    [Theory]
    [InlineData("a/here\n", "--local")]
    [InlineData("b/image\nb/fallback\n", "--provider", "B")]
    [InlineData("No models found.\n", "--provider", "c")]
    [InlineData("No models found.\n", "--provider", "b", "--local")]
    public async Task Filters_select_models(string expected, params string[] options)
    {
        _terminal.Script.On<ListModelsRequest>(_ => new ListModelsResponse
        {
            Models =
            {
                new Model { Model_ = "a/here", DefaultModel = true, Local = true },
                new Model { Model_ = "b/image", ImageModel = true },
                new Model { Model_ = "b/fallback", ImageFallbackPosition = 1 },
                new Model { Model_ = "b/other" },
            },
        });
        Assert.Equal(new Run(0, expected, ""), await _terminal.ClawAsync(["models", "list", "--plain", .. options]));
    }

    [Fact]
    public async Task Upstream_problem_is_noted_with_all()
    {
        _terminal.Script.On<ListModelsRequest>(_ => new ListModelsResponse
        {
            Models = { new Model { Model_ = "a/b", DefaultModel = true } },
            UpstreamProblem = "Overloaded",
        });
        Assert.Equal(new Run(0, "a/b\n", ""), await _terminal.ClawAsync("models", "list", "--plain"));
        Assert.Equal(
            new Run(
                0,
                "a/b\n",
                "Note: these are the models of the configuration alone; Anthropic's list is missing: Overloaded\n"),
            await _terminal.ClawAsync("models", "list", "--plain", "--all"));
    }

    [Fact]
    public async Task Unimplemented_call_prints_the_servers_message()
    {
        await using var bare = await new Terminal().StartAsync();
        Assert.Equal(
            new Run(1, "", "Error: This server does not do SetDefaultModelRequest yet.\n"),
            await bare.ClawAsync("models", "set", "opus"));
    }

    private static ListModelsResponse Listed() => new()
    {
        Models =
        {
            new Model
            {
                Model_ = "anthropic/claude-opus-4-6",
                Alias = "opus",
                DefaultModel = true,
                Configured = true,
                Available = true,
                CacheRetention = CacheRetention.Short,
                DisplayName = "Claude Opus 4.6",
                MaxInputTokens = 1_000_000,
                MaxOutputTokens = 128_000,
                ImageInput = true,
                Lifecycle = "active",
            },
            new Model
            {
                Model_ = "anthropic/claude-sonnet-4-5",
                FallbackPosition = 1,
                ImageModel = true,
                ImageFallbackPosition = 2,
                Local = true,
                HasCredential = true,
                MaxInputTokens = 200_000,
                ImageInput = false,
            },
            new Model { Model_ = "anthropic/claude-a-name-that-is-longer-than-the-table", Configured = true, Missing = true },
            new Model { Model_ = "anthropic/claude-fable-5-2", Available = true, MaxInputTokens = 1_000 },
        },
    };
}
