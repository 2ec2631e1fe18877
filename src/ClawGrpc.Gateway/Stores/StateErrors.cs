using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>A file of the state folder cannot be read or written. It is as it was.</summary>
internal abstract class StateFileException(string path, string message, Exception? inner) : Exception(message, inner)
{
    /// <summary>Absolute.</summary>
    public string Path { get; } = path;
}

/// <summary>It cannot be read or parsed.</summary>
internal sealed class StateUnreadableException : StateFileException
{
    /// <summary>A file that cannot be parsed.</summary>
    public StateUnreadableException(string path, StoreSyntaxError error)
        : this(path, $"line {error.Line}, column {error.Column}: {error.Reason}", null) =>
        (Line, Column) = (error.Line, error.Column);

    /// <summary>A file that cannot be read at all.</summary>
    public StateUnreadableException(string path, string reason, Exception? inner)
        : base(path, $"Cannot read {path}: {reason}.", inner) => Reason = reason;

    /// <summary>What keeps the state cannot be reached, and it was never read.</summary>
    public static StateUnreadableException Unavailable(string path, Exception inner) =>
        new(path, inner.Message.TrimEnd('.'), inner) { IsUnavailable = true };

    /// <summary>Whether what keeps the state cannot be reached.</summary>
    public bool IsUnavailable { get; private init; }

    /// <summary>From 1; 0: not of one place.</summary>
    public int Line { get; }

    /// <summary>From 1; 0: not of one place.</summary>
    public int Column { get; }

    /// <summary>Half a sentence that never quotes the file.</summary>
    public string Reason { get; }
}

/// <summary>It could not be written.</summary>
internal sealed class StateNotWrittenException : StateFileException
{
    private StateNotWrittenException(string path, string message, Exception? inner)
        : base(path, message, inner)
    {
    }

    /// <summary>The lock that stands in the way; null if none does.</summary>
    public string? Lock { get; private init; }

    /// <summary>Whether a secret would have to be sealed, and no key for that can be used.</summary>
    public bool IsNotSealed { get; private init; }

    /// <summary>Whether what keeps the state cannot be reached.</summary>
    public bool IsUnavailable { get; private init; }

    /// <summary>What keeps the state cannot be reached. Whether the change was made may be unknown.</summary>
    public static StateNotWrittenException Unavailable(string path, Exception inner) =>
        new(path, $"Failed to update {path}: {inner.Message.TrimEnd('.')}.", inner) { IsUnavailable = true };

    /// <summary>The change would do harm, as the message says.</summary>
    public static StateNotWrittenException Refused(string path, string message) => new(path, message, null);

    /// <summary>A secret would have to be sealed, and no key for that can be used.</summary>
    /// <param name="path">The file.</param>
    /// <param name="profileId">The profile of the secret.</param>
    /// <param name="problem">Why, as a sentence with the way out; null if no key is configured.</param>
    public static StateNotWrittenException NotSealed(string path, string profileId, string? problem)
    {
        var wayOut = problem ?? "Give the server a key: --seal-key FILE, or clawgrpc.seal.keyFile.";
        return new(path, $"The secret of {profileId} was not stored, since it cannot be sealed. {wayOut}", null)
        {
            IsNotSealed = true,
        };
    }

    /// <summary>Another program holds the lock, or took it away.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lockPath">The lock.</param>
    /// <param name="state">What is known of the lock, as a sentence.</param>
    public static StateNotWrittenException LockBusy(string path, string lockPath, string state) =>
        new(path, $"Failed to update {System.IO.Path.GetFileName(path)} (lock busy?). {state}", null) { Lock = lockPath };

    /// <summary>Other programs write the file without a lock, again and again.</summary>
    public static StateNotWrittenException KeepsChanging(string path) =>
        new(path, $"Failed to update {System.IO.Path.GetFileName(path)}: other programs keep changing it.", null);

    /// <summary>It could not be read back.</summary>
    public static StateNotWrittenException TooLarge(string path) =>
        new(path, $"Failed to update {path}: it would be larger than the {WholeFile.MaxBytes >> 20} MB that are read.", null);

    /// <summary>The disk is full, the folder cannot be written, and so on.</summary>
    public static StateNotWrittenException Because(string path, Exception inner) =>
        new(path, $"Failed to update {path}: {inner.Message}", inner);
}

/// <summary>A folder cannot be used as it is. The message says what to do.</summary>
internal sealed class UnusableFolderException(string message) : IOException(message);

/// <summary>Another server works on the same state folder.</summary>
internal sealed class StateFolderInUseException(string folder, string holder, string lockPath)
    : Exception($"Another clawgrpc server (process {holder}) works on the state folder {folder}. Its lock is {lockPath}.")
{
    public string Folder { get; } = folder;

    /// <summary>The process id; <c>unknown</c> when the lock file does not say.</summary>
    public string Holder { get; } = holder;
}
