using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Running;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>The result of a run of <c>claw</c>.</summary>
public sealed record Run(int ExitCode, string Out, string Error);

/// <summary>Runs <c>claw</c> in an environment of its own: a server, variables, a clock, and a keyboard or a pipe.</summary>
public sealed class Terminal : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("claw").FullName;
    private ScriptedServer? _server;

    public Dictionary<string, string> Environment { get; } = new() { ["HOME"] = "/srv/u" };

    public ManualTime Time { get; } = ManualTime.AtTheRecordedRuns();

    /// <summary>The answers of the server, and the requests that it received.</summary>
    public Script Script { get; } = new();

    public string SocketPath => Path.Combine(_folder, "clawgrpc.sock");

    /// <summary>The path of a file in the test's folder.</summary>
    public string FilePath(string name) => Path.Combine(_folder, name);

    /// <summary>Starts the server, or starts it again after <see cref="StopAsync"/>.</summary>
    public async Task<Terminal> StartAsync()
    {
        _server = await ScriptedServer.StartAsync(SocketPath, Script);
        return this;
    }

    /// <summary>Stops the server; open calls break.</summary>
    public async Task StopAsync()
    {
        if (_server is { } server)
            await server.DisposeAsync();
        _server = null;
    }

    /// <summary>Runs <c>claw</c> without a terminal.</summary>
    public Task<Run> ClawAsync(params string[] arguments) => RunAsync(arguments, input: "");

    /// <summary>Runs <c>claw</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="input">Standard input, when there is no keyboard.</param>
    /// <param name="keyboard">The keyboard of a terminal; null if standard input is a pipe.</param>
    /// <param name="output">Standard output; null to only return it.</param>
    /// <param name="screen">The terminal at standard output; null if standard output is a pipe.</param>
    /// <param name="error">The terminal at standard error; null if it is a pipe.</param>
    /// <param name="cancellation">Ctrl-C.</param>
    public Task<Run> RunAsync(
        string[] arguments,
        string input = "",
        Keyboard? keyboard = null,
        TextWriter? output = null,
        Keyboard? screen = null,
        TextWriter? error = null,
        CancellationToken cancellation = default) =>
        RunAsync(arguments, null, input, keyboard, output, screen, error, cancellation);

    /// <summary>Runs <c>claw</c> with a Ctrl-C that a part of a command may take.</summary>
    internal Task<Run> RunAsync(
        string[] arguments, Interrupts interrupts, Keyboard? keyboard = null, TextWriter? output = null) =>
        RunAsync(arguments, interrupts, "", keyboard, output, null, null, interrupts.Program);

    private async Task<Run> RunAsync(
        string[] arguments,
        Interrupts? interrupts,
        string input,
        Keyboard? keyboard,
        TextWriter? output,
        Keyboard? screen,
        TextWriter? error,
        CancellationToken cancellation)
    {
        output ??= new StringWriter();
        var errorIsTerminal = error is not null;
        error ??= new StringWriter();
        var environment = new CliEnvironment
        {
            In = new StringReader(input),
            Out = output,
            Error = error,
            InputIsTerminal = keyboard is not null,
            OutputIsTerminal = screen is not null,
            OutputColumns = () => screen?.Profile.Width,
            ErrorIsTerminal = errorIsTerminal,
            Variable = name => Environment.GetValueOrDefault(name, name == "CLAWGRPC_STATE_DIR" ? _folder : null!),
            Time = Time,
            Interrupts = interrupts ?? new Interrupts(),
            PromptConsole = () => keyboard ?? throw new InvalidOperationException("The run has no keyboard."),
            LiveConsole = () => screen ?? throw new InvalidOperationException("The run has no screen."),
        };
        var exitCode = await ClawProgram.RunAsync(arguments, environment, cancellation);
        return new Run(exitCode, output.ToString()!, error.ToString()!);
    }

    /// <summary>Sets the answer to status requests.</summary>
    public void HasStatus(AgentStatus status) => Script.On<GetStatusRequest>(_ => new GetStatusResponse { Status = status });

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
