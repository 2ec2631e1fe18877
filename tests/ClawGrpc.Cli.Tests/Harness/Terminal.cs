using ClawGrpc.V1;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>What a run of <c>claw</c> left behind.</summary>
public sealed record Run(int ExitCode, string Out, string Error);

/// <summary>A place to run <c>claw</c> in: a folder with a server's socket, an environment, a clock, and a person or a pipe.</summary>
public sealed class Terminal : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("claw").FullName;
    private ScriptedServer? _server;

    public Dictionary<string, string> Environment { get; } = new() { ["HOME"] = "/srv/u" };

    public ManualTime Time { get; } = ManualTime.AtTheRecordedRuns();

    /// <summary>What the server answers and was asked.</summary>
    public Script Script { get; } = new();

    public string SocketPath => Path.Combine(_folder, "clawgrpc.sock");

    /// <summary>A file of the test's own.</summary>
    public string FilePath(string name) => Path.Combine(_folder, name);

    /// <summary>Starts the server, or starts it again after <see cref="StopAsync"/>.</summary>
    public async Task<Terminal> StartAsync()
    {
        _server = await ScriptedServer.StartAsync(SocketPath, Script);
        return this;
    }

    /// <summary>Stops the server; calls under way break.</summary>
    public async Task StopAsync()
    {
        if (_server is { } server) await server.DisposeAsync();
        _server = null;
    }

    /// <summary>Runs <c>claw</c> with the arguments, and with standard input from a pipe.</summary>
    public Task<Run> ClawAsync(params string[] arguments) => RunAsync(arguments, input: "");

    /// <summary>Runs <c>claw</c>.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="input">What the pipe at standard input holds.</param>
    /// <param name="keyboard">The person at the terminal; null: nobody, standard input is the pipe.</param>
    /// <param name="output">Standard output; null: kept for the result.</param>
    /// <param name="screen">The terminal at standard output; null: none.</param>
    /// <param name="cancellation">Ctrl-C.</param>
    public async Task<Run> RunAsync(
        string[] arguments,
        string input = "",
        Keyboard? keyboard = null,
        TextWriter? output = null,
        Keyboard? screen = null,
        CancellationToken cancellation = default)
    {
        output ??= new StringWriter();
        var error = new StringWriter();
        var surroundings = new Surroundings
        {
            In = new StringReader(input),
            Out = output,
            Error = error,
            InputIsTerminal = keyboard is not null,
            OutputIsTerminal = screen is not null,
            Environment = name => Environment.GetValueOrDefault(name, name == "CLAWGRPC_STATE_DIR" ? _folder : null!),
            Time = Time,
            Questions = () => keyboard ?? throw new InvalidOperationException("Nobody is there to be asked."),
            Screen = () => screen ?? throw new InvalidOperationException("There is no screen."),
        };
        var exitCode = await ClawProgram.RunAsync(arguments, surroundings, cancellation);
        return new Run(exitCode, output.ToString()!, error.ToString());
    }

    /// <summary>Answers every status request with this status.</summary>
    public void HasStatus(AgentStatus status) => Script.On<GetStatusRequest>(_ => new GetStatusResponse { Status = status });

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
