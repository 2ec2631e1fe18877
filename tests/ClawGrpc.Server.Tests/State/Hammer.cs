using System.Diagnostics;

namespace ClawGrpc.Server.Tests.State;

/// <summary>Another process that works on state files (see <c>tests/ClawGrpc.StateHammer</c>), killed at the end if it still runs.</summary>
internal sealed class Hammer : IDisposable
{
    private readonly Process _process;

    public Hammer(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Join(AppContext.BaseDirectory, "ClawGrpc.StateHammer.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start)!;
    }

    /// <summary>Its next line; null: it ended.</summary>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

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
        _process.Dispose();
    }
}
