using System.Runtime.InteropServices;
using Spectre.Console;

namespace ClawGrpc.Cli.Input;

/// <summary>
/// Until its end, a signal that ends the process puts the terminal back first. Ctrl-C is none: it ends the command, which does so
/// itself.
/// </summary>
internal sealed class TerminalReset : IDisposable
{
    private readonly PosixSignalRegistration[] _signals;

    /// <summary>Begins to look for signals.</summary>
    /// <param name="console">The terminal; nothing is written to one that knows no sequences.</param>
    /// <param name="sequence">What puts it back.</param>
    public TerminalReset(IAnsiConsole console, string sequence)
    {
        PosixSignal[] ends = [PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
        _signals = [.. ends.Where(_ => console.Profile.Capabilities.Ansi)
            .Select(signal => PosixSignalRegistration.Create(signal, _ =>
            {
                console.Profile.Out.Writer.Write(sequence);
                console.Profile.Out.Writer.Flush();
            }))];
    }

    public void Dispose() => Array.ForEach(_signals, signal => signal.Dispose());
}
