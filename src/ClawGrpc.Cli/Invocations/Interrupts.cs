namespace ClawGrpc.Cli.Invocations;

/// <summary>What Ctrl-C does: it ends the command, unless a part of the command has taken it.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _program = new();
    private readonly Lock _gate = new();
    private CancellationTokenSource? _part;
    private bool _isKept;

    /// <summary>Ends the command.</summary>
    public CancellationToken Program => _program.Token;

    /// <summary>Whether Ctrl-C between two parts of the command ends the next one, and not the command.</summary>
    public bool KeepsBetweenParts { get; set; }

    /// <summary>Ctrl-C was pressed.</summary>
    /// <returns>Whether the process goes on: the first one ends the call, upstream too; the second one ends the process at
    /// once.</returns>
    public bool Press()
    {
        lock (_gate)
        {
            if (_part is { } part)
            {
                part.Cancel();
                return true;
            }

            if (KeepsBetweenParts)
                return _isKept = true;
        }

        var isFirst = !_program.IsCancellationRequested;
        _program.Cancel();
        return isFirst;
    }

    /// <summary>Ctrl-C that was pressed between parts ends nothing: what it was meant for is over.</summary>
    public void Forget()
    {
        lock (_gate)
            _isKept = false;
    }

    public void Dispose() => _program.Dispose();

    /// <summary>Does a part of the command, which alone Ctrl-C ends.</summary>
    /// <param name="part">The part.</param>
    /// <param name="cancellation">Ends it too.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<T> DuringAsync<T>(Func<CancellationToken, Task<T>> part, CancellationToken cancellation)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        lock (_gate)
        {
            if (_isKept)
                ends.Cancel();
            (_part, _isKept) = (ends, false);
        }

        try
        {
            return await part(ends.Token);
        }
        finally
        {
            lock (_gate)
                _part = null;
        }
    }
}
