using ClawGrpc.Core.Profiles;

namespace ClawGrpc.Server.State;

/// <summary>What an agent's file said at one time.</summary>
/// <param name="Store">The same object as long as the file says the same.</param>
/// <param name="File">The file's identity; null: there is none, which says the same as an empty one.</param>
internal sealed record AgentSnapshot(ProfileStore Store, FileIdentity? File);

/// <summary>
/// The profiles of one agent in its <c>auth-profiles.json</c>, which other programs may read and write too. One object for each
/// file in a process.
/// </summary>
internal sealed class AgentStore(string path, TimeProvider time, LockTiming? timing = null)
{
    private const int MaxBytes = 16 * 1024 * 1024;
    private const int MaxRepeats = 5;

    // Long enough for another program to finish a write that is under way, short enough for a caller who waits.
    private static readonly TimeSpan WriteUnderWay = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _oneWriter = new(1);
    private volatile Content? _last;

    public string Path { get; } = path;

    /// <summary>What the file says now. It is read again only when it changed.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    public async ValueTask<AgentSnapshot> ReadAsync(CancellationToken cancellation = default) => (await LoadAsync(cancellation)).Snapshot;

    /// <summary>Changes the file, and returns once that is on the disk.</summary>
    /// <inheritdoc cref="UpdateAsync(Func{ProfileStore, IReadOnlyList{StoreChange}}, CancellationToken)"/>
    public Task<AgentSnapshot> UpdateAsync(params StoreChange[] changes) => UpdateAsync(_ => changes);

    /// <summary>
    /// Changes the file as decided from what it says while it is locked, and returns once that is on the disk. Nothing is written
    /// when nothing changes.
    /// </summary>
    /// <param name="decide">Pure: it is asked again when another program wrote in between without a lock.</param>
    /// <param name="cancellation">Gives up waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">The file cannot be read or parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">The lock cannot be had, or the file cannot be written.</exception>
    public async Task<AgentSnapshot> UpdateAsync(
        Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation = default)
    {
        await _oneWriter.WaitAsync(cancellation);
        try
        {
            StateFolder.MakeDirectory(System.IO.Path.GetDirectoryName(Path)!);
            using var held = await LockFolder.AcquireAsync(Path, timing ?? LockTiming.OpenClaw, time, cancellation);
            for (var repeat = 0; repeat < MaxRepeats; repeat++)
            {
                var before = await LoadAsync(cancellation);
                var changes = decide(before.Snapshot.Store);
                if (changes.Count == 0)
                    return before.Snapshot;
                if (await Task.Run(() => TryReplace(before, before.File.With(changes), held), CancellationToken.None) is { } after)
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

    /// <summary>Null: another program, which does not lock, wrote since <paramref name="before"/> was read.</summary>
    private AgentSnapshot? TryReplace(Content before, AuthProfilesFile file, LockFolder held)
    {
        var bytes = file.ToUtf8();
        if (bytes.AsSpan().SequenceEqual(before.Bytes))
            return before.Snapshot;
        using var replacement = AtomicFile.Prepare(Path, bytes);
        if (!held.IsHeld)
            throw StateNotWrittenException.LockBusy(Path);
        if (FileIdentity.Of(Path) != before.Snapshot.File)
            return null;
        var after = new Content(file, bytes, new AgentSnapshot(file.Store, replacement.Commit()));
        _last = after.Snapshot.File is null ? null : after;
        return after.Snapshot;
    }

    private async ValueTask<Content> LoadAsync(CancellationToken cancellation)
    {
        for (var repeat = 0; ; repeat++)
        {
            var identity = IdentityNow();
            if (_last is { } last && last.Snapshot.File == identity && (identity is null || identity.Value.IsSettled))
                return last;
            var bytes = identity is null ? [] : await BytesAsync(cancellation);
            if (IdentityNow() != identity && repeat < MaxRepeats)
                continue;
            if (_last is { } same && bytes.AsSpan().SequenceEqual(same.Bytes) && identity is null == (same.Snapshot.File is null))
                return _last = same with { Snapshot = same.Snapshot with { File = identity } };
            if (identity is null)
                return _last = new Content(AuthProfilesFile.Empty, [], new AgentSnapshot(ProfileStore.Empty, null));
            if (AuthProfilesFile.TryParse(bytes, out var file, out var error))
                return _last = new Content(file, bytes, new AgentSnapshot(file.Store, identity));

            // OpenClaw empties the file before it fills it again: what was written just now may be half of it.
            if (identity.Value.IsSettled || repeat >= MaxRepeats)
                throw new StateUnreadableException(Path, error);
            await Task.Delay(WriteUnderWay, cancellation);
        }
    }

    private FileIdentity? IdentityNow()
    {
        try
        {
            var identity = FileIdentity.Of(Path);
            return identity is { Size: > MaxBytes }
                ? throw new StateUnreadableException(Path, $"it is larger than {MaxBytes / 1024 / 1024} MB", null)
                : identity;
        }
        catch (IOException exception)
        {
            throw new StateUnreadableException(Path, exception.Message, exception);
        }
    }

    private async Task<byte[]> BytesAsync(CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllBytesAsync(Path, cancellation);
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StateUnreadableException(Path, exception.Message, exception);
        }
    }

    private sealed record Content(AuthProfilesFile File, byte[] Bytes, AgentSnapshot Snapshot);
}
