using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// The profiles of one agent in its <c>auth-profiles.json</c>, which other programs may read and write too. One object for each
/// file in a process.
/// </summary>
/// <param name="path">The file; absolute.</param>
/// <param name="time">The clock of locks.</param>
/// <param name="timing">How locks are waited for; null for OpenClaw's way.</param>
/// <param name="sealing">How its secrets are sealed; null if they are not.</param>
internal sealed class AgentStore(
    string path, TimeProvider time, LockTiming? timing = null, AgentSealing? sealing = null) : IDisposable
{
    private const int MaxRepeats = 5;
    private const int MostRepeats = 250;

    // Long enough for another program to finish a write that is under way, short enough for a caller who waits.
    private static readonly TimeSpan WriteUnderWay = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _oneWriter = new(1);
    private volatile Content? _last;

    public string Path { get; } = path;

    /// <summary>The agent's folder.</summary>
    public string Directory => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>What the file says now: the same object as long as it says the same. Read again only when it changed.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    public async ValueTask<ProfileStore> ReadAsync(CancellationToken cancellation = default) =>
        (await LoadAsync(() => LockFolder.IsTaken(Path), cancellation)).File.Store;

    /// <summary>Changes the file, and returns once that is on the disk.</summary>
    /// <inheritdoc cref="UpdateAsync(Func{ProfileStore, IReadOnlyList{StoreChange}}, CancellationToken)"/>
    public Task<ProfileStore> UpdateAsync(params StoreChange[] changes) => UpdateAsync(_ => changes);

    /// <summary>
    /// Changes the file as decided from what it says while it is locked, and returns once that is on the disk. Nothing is written
    /// if nothing changes.
    /// </summary>
    /// <param name="decide">Called again if another program wrote in between without a lock, or took the lock.</param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">The file cannot be read or parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">The lock cannot be had, or the file cannot be written.</exception>
    public async Task<ProfileStore> UpdateAsync(
        Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation = default)
    {
        await _oneWriter.WaitAsync(cancellation);
        LockFolder? held = null;
        try
        {
            StateFolder.MakeDirectory(Directory);
            for (var repeat = 0; repeat < MaxRepeats; repeat++)
            {
                if (held is not { IsHeld: true })
                {
                    held?.Dispose();
                    held = await LockFolder.AcquireAsync(Path, timing ?? LockTiming.OpenClaw, time, cancellation);
                }

                var before = await LoadAsync(static () => false, cancellation);
                var changes = decide(before.File.Store);
                if (changes.Count == 0)
                    return before.File.Store;
                var write = before.File.With(changes, sealing?.Writing() ?? SealWriting.Nothing);
                if (await Task.Run(() => TryReplace(before, write, held), CancellationToken.None) is { } after)
                    return after;
            }

            throw held!.IsHeld ? StateNotWrittenException.KeepsChanging(Path) : LockFolder.Busy(Path, Path, time);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateNotWrittenException.Because(Path, exception);
        }
        catch (NoSealingKeyException exception)
        {
            throw StateNotWrittenException.NotSealed(Path, exception.ProfileId, sealing?.Problem);
        }
        finally
        {
            held?.Dispose();
            _oneWriter.Release();
        }
    }

    public void Dispose() => _oneWriter.Dispose();

    /// <summary>
    /// Null if another program took the lock, or does not lock and wrote since <paramref name="before"/> was read.
    /// </summary>
    private ProfileStore? TryReplace(Content before, SealedWrite write, LockFolder held)
    {
        var (file, bytes) = (write.File, write.File.ToUtf8());
        if (bytes.AsSpan().SequenceEqual(before.Bytes))
            return before.File.Store;
        if (bytes.Length > WholeFile.MaxBytes)
            throw StateNotWrittenException.TooLarge(Path);
        using var replacement = AtomicFile.Prepare(Path, bytes, ModeToSet());
        if (!held.IsHeld || FileIdentity.Of(Path) != before.Identity)
            return null;
        _last = replacement.Commit() is { } identity ? new Content(file, bytes, identity, before.Keys) : null;
        sealing?.Saw(write.Newest);
        sealing?.Remember();
        return file.Store;
    }

    /// <param name="isWriting">Whether another program says that it is writing.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    private async ValueTask<Content> LoadAsync(Func<bool> isWriting, CancellationToken cancellation)
    {
        for (var repeat = 0; ; repeat++)
        {
            var (identity, keys) = (IdentityNow(), sealing?.Keys);
            if (_last is { } last && last.Identity == identity && last.Keys == keys
                && (identity is null || identity.Value.IsSettled))
            {
                return last;
            }

            // What was written since these versions were looked up is newer.
            var reading = sealing?.Reading() ?? SealReading.Nothing;
            var bytes = WholeFile.Read(Path);
            if (IdentityNow() != identity && repeat < MaxRepeats)
                continue;
            if (identity is null || bytes is null)
                return _last = new Content(SealedProfiles.Empty, [], null, keys);
            if (_last is { Identity: not null } same && same.Keys == keys && bytes.AsSpan().SequenceEqual(same.Bytes))
                return _last = same with { Identity = identity };
            if (SealedProfiles.TryParse(bytes, reading, out var file, out var error))
            {
                sealing?.Saw(file.Newest);
                return _last = new Content(file, bytes, identity, keys);
            }

            // OpenClaw empties the file before it fills it again: what was written just now may be half of it, and who locks it
            // is not done. The file is looked at last: it may have been filled since it was read.
            var isWhole = (identity.Value.IsSettled || repeat >= MaxRepeats) && !isWriting() && IdentityNow() == identity;
            if (isWhole || repeat >= MostRepeats)
                throw new StateUnreadableException(Path, error);
            await Task.Delay(WriteUnderWay, cancellation);
        }
    }

    // A file of secrets that everybody can read becomes its owner's alone, as OpenClaw makes it; any other mode stays.
    private UnixFileMode? ModeToSet() =>
        File.Exists(Path) && (File.GetUnixFileMode(Path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0
            ? AtomicFile.OwnerOnly
            : null;

    private FileIdentity? IdentityNow()
    {
        try
        {
            return FileIdentity.Of(Path);
        }
        catch (IOException exception)
        {
            throw new StateUnreadableException(Path, exception.Message.TrimEnd('.'), exception);
        }
    }

    /// <param name="File">What was read.</param>
    /// <param name="Bytes">The same as it stood.</param>
    /// <param name="Identity">Null: there is no file, which says the same as an empty one.</param>
    /// <param name="Keys">What opened its secrets; null if nothing is sealed.</param>
    private sealed record Content(SealedProfiles File, byte[] Bytes, FileIdentity? Identity, object? Keys);
}
