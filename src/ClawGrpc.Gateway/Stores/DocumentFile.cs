using System.Text;

namespace ClawGrpc.Gateway.Stores;

/// <summary>A document of ClawGrpc's own that is read and replaced as a whole. Its owner's alone.</summary>
/// <param name="path">Absolute.</param>
/// <param name="read">From the text to what it means; throws <see cref="StateUnreadableException"/> if it means nothing.</param>
/// <param name="write">From what it means to the text.</param>
/// <param name="none">What an absent file means.</param>
internal sealed class DocumentFile<T>(string path, Func<string, T> read, Func<T, string> write, T none) : IDisposable
    where T : class
{
    private const int MaxRepeats = 5;

    private readonly SemaphoreSlim _oneWriter = new(1);

    public string Path { get; } = path;

    /// <summary>What the file says now.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    public T Read() => WholeFile.Read(Path) is { } bytes ? read(Encoding.UTF8.GetString(bytes)) : none;

    /// <summary>Changes it, and returns once that is on the disk.</summary>
    /// <param name="decide">
    /// From what the file says to what it is to say; the same object to write nothing. Called again if another program wrote in
    /// between. What it throws is passed on, and nothing is changed.
    /// </param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be written.</exception>
    public async Task<T> UpdateAsync(Func<T, T> decide, CancellationToken cancellation)
    {
        await _oneWriter.WaitAsync(cancellation);
        try
        {
            for (var repeat = 0; repeat < MaxRepeats; repeat++)
            {
                var identity = FileIdentity.Of(Path);
                var before = Read();
                var after = decide(before);
                if (ReferenceEquals(before, after) || await Task.Run(() => TryReplace(identity, after), CancellationToken.None))
                    return after;
            }

            throw StateNotWrittenException.KeepsChanging(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateNotWrittenException.Because(Path, exception);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    public void Dispose() => _oneWriter.Dispose();

    private bool TryReplace(FileIdentity? before, T after)
    {
        StateFolder.MakeDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var text = write(after);
        _ = read(text); // What could not be read back must not be written.
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > WholeFile.MaxBytes)
            throw StateNotWrittenException.TooLarge(Path);
        using var replacement = AtomicFile.Prepare(Path, bytes, AtomicFile.OwnerOnly);
        if (FileIdentity.Of(Path) != before)
            return false;
        replacement.Commit();
        return true;
    }
}
