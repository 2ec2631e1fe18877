namespace ClawGrpc.Cli.Input;

/// <summary>A file for its owner alone, which is there as a whole or not at all.</summary>
internal sealed class PrivateFile : IDisposable
{
    private readonly string _path;
    private readonly string _beside;
    private readonly FileStream _stream;

    private PrivateFile(string path, string beside, FileStream stream) => (_path, _beside, _stream) = (path, beside, stream);

    /// <summary>Begins a file, so that a folder that cannot be written is told before there is anything to write.</summary>
    /// <exception cref="IOException">There is a folder of this name, or no folder for it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static PrivateFile Begin(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new IOException($"{full} is a folder.");
        var beside = $"{full}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new PrivateFile(full, beside, new FileStream(beside, options));
    }

    /// <summary>Writes the content and gives the file its name.</summary>
    public void Commit(string content)
    {
        _stream.Write(System.Text.Encoding.UTF8.GetBytes(content));
        _stream.Flush(flushToDisk: true);
        File.Move(_beside, _path, overwrite: true);
    }

    public void Dispose()
    {
        _stream.Dispose();
        File.Delete(_beside);
    }
}
