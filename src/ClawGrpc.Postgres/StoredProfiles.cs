using System.Collections.Immutable;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>
/// The profiles of one agent: the text of its <c>auth-profiles.json</c>, every secret sealed. One object for each agent in a
/// process.
/// </summary>
/// <param name="documents">The table.</param>
/// <param name="name">The document's name.</param>
/// <param name="place">The same for people.</param>
/// <param name="sealing">How its secrets are sealed.</param>
internal sealed class StoredProfiles(Documents documents, string name, string place, AgentSealing sealing) : IDisposable
{
    // Of this process, one reads or writes: what was read first is taken up first.
    private readonly SemaphoreSlim _one = new(1);
    private volatile Content? _last;

    /// <summary>The revision of what was read or written last; 0 if nothing was.</summary>
    public long Revision => _last?.Document.Revision ?? 0;

    /// <summary>What is stored now; while the database is away, what was stored when it was last there.</summary>
    /// <exception cref="StateUnreadableException">It cannot be parsed, or was never read.</exception>
    public async ValueTask<ProfileStore> ReadAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var document = await documents.ReadAsync(name, _last?.Document ?? Document.None, cancellation);
            return (_last = ContentOf(document)).File.Store;
        }
        catch (DatabaseException exception)
        {
            throw StateUnreadableException.Unavailable(place, exception);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc cref="IStateStore.UpdateAsync"/>
    public async Task<ProfileStore> UpdateAsync(
        Func<ProfileStore, IReadOnlyList<StoreChange>> decide, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var (after, isDurable, write) = (_last, true, (SealedWrite?)null);
            var stored = await documents.UpdateAsync(
                name,
                fresh =>
                {
                    var before = after = ContentOf(fresh);
                    write = null;
                    var changes = decide(before.File.Store);
                    if (changes.Count == 0)
                        return null;
                    isDurable = !changes.All(static change => change is SetHealth or SetLastGood);
                    var sealedWrite = before.File.With(changes, sealing.Writing());
                    var body = sealedWrite.File.ToUtf8();
                    if (body.AsSpan().SequenceEqual(before.Document.Body))
                        return null;
                    if (body.Length > WholeFile.MaxBytes)
                        throw StateNotWrittenException.TooLarge(place);
                    write = sealedWrite;
                    return body;
                },
                () => isDurable, cancellation);
            if (write is null)
                return (_last = after!).File.Store;
            _last = new Content(write.File, stored, after!.Keys);
            sealing.Saw(write.Newest);
            sealing.Remember();
            return write.File.Store;
        }
        catch (DatabaseException exception)
        {
            throw StateNotWrittenException.Unavailable(place, exception);
        }
        catch (NoSealingKeyException exception)
        {
            throw StateNotWrittenException.NotSealed(place, exception.ProfileId, sealing.Problem);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The text of a file as it is stored here: with every secret sealed.</summary>
    /// <inheritdoc cref="PostgresStore.SealedProfilesOf"/>
    public byte[] Sealed(byte[] file, string path, ImmutableDictionary<string, string> origins)
    {
        try
        {
            return SealedProfiles.TryParse(file, sealing.Reading(), out var plain, out var error)
                ? plain.With([new SealSecrets(SealGoal.Sealed, origins)], sealing.Writing()).File.ToUtf8()
                : throw new StateUnreadableException(path, error);
        }
        catch (NoSealingKeyException exception)
        {
            throw StateNotWrittenException.NotSealed(path, exception.ProfileId, sealing.Problem);
        }
    }

    public void Dispose() => _one.Dispose();

    private Content ContentOf(Document document)
    {
        var keys = sealing.Keys;
        var same = _last?.Document.Revision == document.Revision ? _last : null;
        if (same?.Keys == keys)
            return same;
        if (document.Body.Length == 0)
            return new Content(SealedProfiles.Empty, document, keys);
        if (!SealedProfiles.TryParse(document.Body, sealing.Reading(), out var file, out var error))
            throw new StateUnreadableException(place, error);
        sealing.Saw(file.Newest);

        // Keys that open nothing else are no news.
        return new Content(
            same is not null && same.File.Store.Secrets.SequenceEqual(file.Store.Secrets) ? same.File : file, document, keys);
    }

    /// <param name="File">What was read.</param>
    /// <param name="Document">The same as it is stored.</param>
    /// <param name="Keys">What opened its secrets.</param>
    private sealed record Content(SealedProfiles File, Document Document, object Keys);
}
