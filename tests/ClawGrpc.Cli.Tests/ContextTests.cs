using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw contexts</c>, and which server a command calls.</summary>
public sealed class ContextTests : IAsyncLifetime
{
    private const string Secret = "claw_aaaaaaaaaaaa_secret";

    private readonly Terminal _terminal = new();
    private readonly Terminal _other = new();

    public async Task InitializeAsync()
    {
        _terminal.Environment["XDG_CONFIG_HOME"] = _terminal.FilePath("config");
        await _terminal.StartAsync();
        await _other.StartAsync();
        _terminal.HasStatus(new AgentStatus { ResolvedDefault = "of/state" });
        _other.HasStatus(new AgentStatus { ResolvedDefault = "of/context" });
    }

    public async Task DisposeAsync()
    {
        await _terminal.DisposeAsync();
        await _other.DisposeAsync();
    }

    private string File => _terminal.FilePath("config/claw/contexts.json");

    private string Token => _terminal.FilePath("config/claw/tokens/work");

    [Fact]
    public async Task Context_is_added_chosen_shown_and_removed()
    {
        Assert.Equal(
            new Run(0, "No contexts. Add one: claw contexts add NAME --server URL\n", ""),
            await _terminal.ClawAsync("contexts", "list"));
        Assert.Equal(
            new Run(0, "Added context: work (https://claw.example)\n", "Next: claw contexts use work\n"),
            await AddAsync("work", "https://claw.example/"));
        await AddAsync("a", "http://127.0.0.1:7700");
        Assert.Equal(new Run(0, "Context: work\n", ""), await WithoutStateAsync("contexts", "use", "work"));
        Assert.Equal(
            new Run(0, "  a     http://127.0.0.1:7700  token: none\n* work  https://claw.example  token: none\n", ""),
            await WithoutStateAsync("contexts", "list"));
        Assert.Equal(
            new Run(
                0,
                "Context: work (current)\nServer: https://claw.example\nToken: none\nCA: the system's\nAgent: the default one\n",
                ""),
            await _terminal.ClawAsync("contexts", "show"));
        Assert.Equal(
            new Run(0, "Removed context: work\n", "Note: no context is chosen now.\n"),
            await _terminal.ClawAsync("contexts", "remove", "work"));
        Assert.Equal(
            new Run(1, "", "Error: No context is chosen. See claw contexts list.\n"),
            await _terminal.ClawAsync("contexts", "show"));
    }

    [Theory]
    [InlineData("contexts.json", "list")]
    [InlineData("context.json", "show", "work")]
    public async Task Json_matches_its_file(string golden, params string[] command)
    {
        await System.IO.File.WriteAllTextAsync(_terminal.FilePath("t"), Secret);
        await _terminal.ClawAsync(
            "contexts", "add", "work", "--server", "https://claw.example", "--token-file", _terminal.FilePath("t"), "-a", "w");
        await _terminal.RunAsync(
            ["contexts", "add", "stored", "--server", "https://claw.example", "--token-stdin"], input: Secret);
        var run = await _terminal.ClawAsync(["contexts", .. command, "--json"]);
        Golden.Matches("text/" + golden, run.Out.Replace(_terminal.FilePath(""), "/srv/u/"));
    }

    [Fact]
    public async Task Token_of_standard_input_is_stored_for_its_owner_alone_and_never_printed()
    {
        var added = await _terminal.RunAsync(
            ["contexts", "add", "work", "--server", Endpoint, "--token-stdin"], input: Secret + "\n");
        Assert.Equal(0, added.ExitCode);
        Assert.Equal(Secret + "\n", await System.IO.File.ReadAllTextAsync(Token));
        foreach (var path in new[] { File, Token })
        {
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(path));
        }

        Assert.DoesNotContain(Secret, await System.IO.File.ReadAllTextAsync(File), StringComparison.Ordinal);
        foreach (var command in new[] { "list", "show work", "list --json", "show work --json" })
        {
            var run = await _terminal.ClawAsync(["contexts", .. command.Split(' ')]);
            Assert.DoesNotContain(Secret, run.Out + run.Error, StringComparison.Ordinal);
        }

        await _terminal.ClawAsync("models", "status", "--plain", "--context", "work");
        Assert.Equal($"Bearer {Secret}", _other.Script.Authorizations.First());
        Assert.StartsWith(
            "Error: Refusing to remove context work and its stored token",
            (await _terminal.ClawAsync("contexts", "remove", "work")).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await _terminal.ClawAsync("contexts", "remove", "work", "-y")).ExitCode);
        Assert.False(System.IO.File.Exists(Token));
    }

    [Fact]
    public async Task Options_count_more_than_variables_and_those_more_than_the_current_context()
    {
        await AddAsync("work", Endpoint);
        await _terminal.ClawAsync("contexts", "use", "work");
        Assert.Equal("of/context\n", await ModelAsync());

        // A variable of the server counts more, unless a context is asked for.
        Assert.Equal("of/state\n", (await _terminal.ClawAsync("models", "status", "--plain")).Out);
        Assert.Equal("of/context\n", (await _terminal.ClawAsync("models", "status", "--plain", "--context", "work")).Out);
        _terminal.Environment["CLAW_CONTEXT"] = "work";
        Assert.Equal("of/context\n", (await _terminal.ClawAsync("models", "status", "--plain")).Out);
        Assert.Equal(
            "of/state\n",
            (await _terminal.ClawAsync("models", "status", "--plain", "--endpoint", $"unix:{_terminal.SocketPath}")).Out);
        _terminal.Environment["CLAWGRPC_ENDPOINT"] = $"unix:{_terminal.SocketPath}";
        Assert.Equal("of/state\n", (await _terminal.ClawAsync("models", "status", "--plain")).Out);
        Assert.Equal(
            new Run(0, "Context: default\n", "Note: CLAW_CONTEXT is set and counts more.\n"),
            await _terminal.ClawAsync("contexts", "use", "default"));
    }

    [Fact]
    public async Task Token_of_a_context_goes_to_no_other_server()
    {
        await _terminal.RunAsync(["contexts", "add", "work", "--server", Endpoint, "--token-stdin"], input: Secret);
        await _terminal.ClawAsync("contexts", "use", "work");
        await WithoutStateAsync("models", "status", "--plain", "--endpoint", $"unix:{_terminal.SocketPath}");
        Assert.Equal("", _terminal.Script.Authorizations.First());
    }

    [Fact]
    public async Task Agent_of_a_context_is_that_of_its_commands()
    {
        await _terminal.ClawAsync("contexts", "add", "work", "--server", Endpoint, "--agent", "w");
        await _terminal.ClawAsync("models", "status", "--plain", "--context", "work");
        await _terminal.ClawAsync("models", "status", "--plain", "--context", "work", "-a", "x");
        Assert.Equal(["w", "x"], _other.Script.Requests.OfType<GetStatusRequest>().Select(request => request.AgentId));
    }

    [Theory]
    [InlineData("Error: There is no context \"nope\". See claw contexts list.", "contexts", "use", "nope")]
    [InlineData("Error: There is no context \"nope\". See claw contexts list.", "models", "status", "--context", "nope")]
    [InlineData("Error: Choose either --endpoint or --context, not both.",
        "whoami", "--context", "x", "--endpoint", "unix:/x")]
    [InlineData("Error: The name default stands for no context.", "contexts", "add", "default", "--server", "unix:/x")]
    [InlineData("Error: A context's name has letters, digits, dots, dashes and underscores, at most 64.",
        "contexts", "add", "../x", "--server", "unix:/x")]
    [InlineData("error: required option '--server <unix:PATH|URL>' not specified", "contexts", "add", "x")]
    [InlineData("Error: \"x\" is not an endpoint. Write unix:PATH, http://127.0.0.1:PORT or https://HOST.",
        "contexts", "add", "x", "--server", "x")]
    [InlineData("Error: There is no file /nope (--token-file).",
        "contexts", "add", "x", "--server", "unix:/x", "--token-file", "/nope")]
    [InlineData("Error: No token on standard input.", "contexts", "add", "x", "--server", "unix:/x", "--token-stdin")]
    public async Task Wrong_calls_are_refused(string error, params string[] arguments)
    {
        Assert.Equal(new Run(1, "", error + "\n"), await _terminal.ClawAsync(arguments));
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task Credential_of_Anthropic_is_no_token_of_a_server()
    {
        var run = await _terminal.RunAsync(
            ["contexts", "add", "x", "--server", "unix:/x", "--token-stdin"], input: "sk-ant-api03-FAKE");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("Error: This is a credential of Anthropic. ", run.Error, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File));
    }

    [Theory]
    [InlineData("https://10.0.0.1:7", 0)]
    [InlineData("http://127.0.0.1:7", 0)]
    [InlineData("http://10.0.0.1:7", 1)]
    public async Task Token_goes_nowhere_in_the_clear(string server, int exitCode)
    {
        await System.IO.File.WriteAllTextAsync(_terminal.FilePath("token"), Secret);
        var run = await _terminal.ClawAsync(
            "contexts", "add", "x", "--server", server, "--token-file", _terminal.FilePath("token"));
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal(
            exitCode == 0 ? "Next: claw contexts use x\n" : "Error: http://10.0.0.1:7 takes no token: without TLS everybody "
                + "on the way could read it. Name https://10.0.0.1:7, or add the context without a token.\n",
            run.Error);
        Assert.Equal(exitCode == 0, System.IO.File.Exists(File));
        Assert.Equal(0, (await _terminal.ClawAsync("contexts", "add", "y", "--server", server)).ExitCode);
    }

    [Theory]
    [InlineData("{ \"contexts\": 1 }", "it does not have the form")]
    [InlineData("{ \"contexts\": { \"a\": { \"server\": null } } }", "it does not have the form")]
    [InlineData("[]", "it does not have the form")]
    [InlineData("{\n\"contexts\"\n", "line 3 is not JSON. Mend it; or remove it, and add the contexts again")]
    public async Task Broken_file_is_named_and_left_as_it_is(string content, string problem)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        await System.IO.File.WriteAllTextAsync(File, content);
        var run = await _terminal.ClawAsync("contexts", "add", "x", "--server", "unix:/x");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"Error: {File} is not a file of contexts: {problem}", run.Error, StringComparison.Ordinal);
        Assert.Equal(content, await System.IO.File.ReadAllTextAsync(File));
    }

    private string Endpoint => $"unix:{_other.SocketPath}";

    private Task<Run> AddAsync(string name, string server) =>
        _terminal.ClawAsync("contexts", "add", name, "--server", server);

    private async Task<string> ModelAsync() => (await WithoutStateAsync("models", "status", "--plain")).Out;

    // The terminal's server is that of a variable, which counts more than the current context.
    private async Task<Run> WithoutStateAsync(params string[] arguments)
    {
        _terminal.Environment["CLAWGRPC_STATE_DIR"] = "";
        var run = await _terminal.ClawAsync(arguments);
        _terminal.Environment.Remove("CLAWGRPC_STATE_DIR");
        return run;
    }
}
