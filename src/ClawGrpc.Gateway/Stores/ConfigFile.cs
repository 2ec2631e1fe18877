using System.Text;

namespace ClawGrpc.Gateway.Stores;

/// <summary>What the configuration file held at one time.</summary>
/// <param name="Text">Null if there is no file.</param>
/// <param name="File">The file's identity; null if there is none.</param>
internal sealed record ConfigText(string? Text, FileIdentity? File);

/// <summary>
/// The configuration file's text. The five versions before it are kept beside it (openclaw-spec.md, section 1.1).
/// </summary>
internal sealed class ConfigFile(string path) : IDisposable
{
    private const int MaxRepeats = 5;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SemaphoreSlim _oneWriter = new(1);

    public string Path { get; } = path;

    /// <summary>Reads the file.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read, or is no UTF-8.</exception>
    public ConfigText Read()
    {
        try
        {
            for (var repeat = 0; ; repeat++)
            {
                var identity = FileIdentity.Of(Path);
                var bytes = WholeFile.Read(Path);
                if (FileIdentity.Of(Path) == identity || repeat == MaxRepeats)
                    return bytes is null ? new ConfigText(null, null) : new ConfigText(Strict.GetString(bytes), identity);
            }
        }
        catch (DecoderFallbackException exception)
        {
            throw new StateUnreadableException(Path, "it is not UTF-8", exception);
        }
        catch (IOException exception)
        {
            throw new StateUnreadableException(Path, exception.Message.TrimEnd('.'), exception);
        }
    }

    /// <summary>Edits the file, and returns once that is on the disk. Nothing is written when nothing changes.</summary>
    /// <param name="edit">
    /// From the text (null if there is no file) to the new one. It is asked again when another program wrote in between; what it
    /// throws is passed on and leaves the file as it is.
    /// </param>
    /// <param name="cancellation">Gives up waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">The file cannot be read, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">The file cannot be written.</exception>
    public async Task<ConfigText> UpdateAsync(Func<string?, string> edit, CancellationToken cancellation = default)
    {
        await _oneWriter.WaitAsync(cancellation);
        try
        {
            for (var repeat = 0; repeat < MaxRepeats; repeat++)
            {
                var before = Read();
                var text = edit(before.Text);
                if (text == before.Text)
                    return before;
                if (Strict.GetByteCount(text) > WholeFile.MaxBytes)
                    throw StateNotWrittenException.TooLarge(Path);
                if (await Task.Run(() => TryReplace(before, text), CancellationToken.None) is { } after)
                    return after;
            }

            throw StateNotWrittenException.KeepsChanging(Path);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    public void Dispose() => _oneWriter.Dispose();

    private ConfigText? TryReplace(ConfigText before, string text)
    {
        try
        {
            StateFolder.MakeDirectory(System.IO.Path.GetDirectoryName(Path)!);
            using var replacement = AtomicFile.Prepare(Path, Strict.GetBytes(text));
            if (FileIdentity.Of(Path) != before.File)
                return null;
            if (before.Text is not null)
                Backup(before.Text);
            return new ConfigText(text, replacement.Commit());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateNotWrittenException.Because(Path, exception);
        }
    }

    private void Backup(string text)
    {
        string[] backups = [Path + ".bak", Path + ".bak.1", Path + ".bak.2", Path + ".bak.3", Path + ".bak.4"];
        for (var index = backups.Length - 1; index > 0; index--)
        {
            if (File.Exists(backups[index - 1]))
                File.Move(backups[index - 1], backups[index], overwrite: true);
        }

        using var newest = AtomicFile.Prepare(backups[0], Strict.GetBytes(text), like: AtomicFile.TargetOf(Path));
        newest.Commit();
    }
}
