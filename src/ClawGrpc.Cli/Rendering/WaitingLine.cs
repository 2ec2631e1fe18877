using System.Globalization;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A line on standard error that says how long a call has been waiting: from one second on, and only on a terminal.
/// Disposing erases it.</summary>
internal sealed class WaitingLine : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly TextWriter _out;
    private readonly ITimer? _timer;
    private int _seconds;
    private bool _isOver;

    /// <summary>Begins to wait.</summary>
    public WaitingLine(CliEnvironment environment)
    {
        _out = environment.Error;
        if (environment.ErrorIsTerminal && environment.Variable("TERM") != "dumb")
            _timer = environment.Time.CreateTimer(_ => Tick(), null, Second, Second);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_lock)
        {
            if (!_isOver && _seconds > 0)
                Write("");
            _isOver = true;
        }
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (!_isOver)
                Write(string.Create(CultureInfo.InvariantCulture, $"Waiting for the answer, {++_seconds} s"));
        }
    }

    // Back to the first column, and the rest of the line is erased.
    private void Write(string text)
    {
        _out.Write($"\r\e[K{text}");
        _out.Flush();
    }
}
