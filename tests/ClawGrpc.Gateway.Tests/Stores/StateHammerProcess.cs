using System.Diagnostics;

namespace ClawGrpc.Gateway.Tests.Stores;

/// <summary>
/// Another process that works on state files (see <c>tests/ClawGrpc.StateHammer</c>), killed at the end if it still runs.
/// </summary>
internal sealed class StateHammerProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    public StateHammerProcess(params string[] arguments)
        : this("dotnet", [Path.Join(AppContext.BaseDirectory, "ClawGrpc.StateHammer.dll"), .. arguments])
    {
    }

    private StateHammerProcess(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What is killed would leave the sockets and pipes of the runtime's own diagnostics behind.
        start.Environment["DOTNET_EnableDiagnostics_IPC"] = "0";
        start.Environment["DOTNET_EnableDiagnostics_Debugger"] = "0";
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>One that is written in JavaScript.</summary>
    public static StateHammerProcess OfNode(params string[] arguments) => new("node", arguments);

    /// <summary>Its next line.</summary>
    /// <exception cref="InvalidOperationException">It ended; the message is what it said of that.</exception>
    public async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(
            $"The process ended: {await _errors}");

    /// <summary>Kills it with SIGKILL; the lines that it wrote until then.</summary>
    public async Task<IReadOnlyList<string>> KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        return (await _process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
