namespace ClawGrpc.Cli.Invocations;

/// <summary>What Ctrl-C does: it ends the command, unless a part of the command has taken it.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _program = new();
    private volatile CancellationTokenSource? _part;

    /// <summary>Ends the command.</summary>
    public CancellationToken Program => _program.Token;

    /// <summary>Ctrl-C was pressed.</summary>
    /// <returns>Whether the process goes on: the first one ends the call, upstream too; the second one ends the process at
    /// once.</returns>
    public bool Press()
    {
        if (_part is { } part)
        {
            part.Cancel();
            return true;
        }

        var isFirst = !_program.IsCancellationRequested;
        _program.Cancel();
        return isFirst;
    }

    public void Dispose() => _program.Dispose();

    /// <summary>Does a part of the command, which alone Ctrl-C ends.</summary>
    /// <param name="part">The part.</param>
    /// <param name="cancellation">Ends it too.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<T> DuringAsync<T>(Func<CancellationToken, Task<T>> part, CancellationToken cancellation)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _part = ends;
        try
        {
            return await part(ends.Token);
        }
        finally
        {
            _part = null;
        }
    }
}
