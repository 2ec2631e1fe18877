using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>Which sealing key is active, for all replicas.</summary>
internal sealed class SharedSealState(Documents documents, Replicas replicas)
{
    private readonly StoredText<string> _text = StoredText<string>.AsItIs(documents, SealStateFile.Name);

    /// <summary>For those who load keys. They do not wait for the database: what was read last counts.</summary>
    public SealStateAccess Access => new(
        () => documents.IsWhole
            ? SealStateFile.Parse(_text.Last, Place)
            : throw StateUnreadableException.Unavailable(Place, new DatabaseException("the database is away")),
        // Once in a while, by an administrator.
        state => Task.Run(() => WriteAsync(state)).GetAwaiter().GetResult())
    {
        WaitForKeyAsync = (keyId, cancellation) => OrUnavailableAsync(() => replicas.WaitForKeyAsync(keyId, cancellation)),
    };

    private static string Place => DocumentNames.PlaceOf(SealStateFile.Name);

    /// <summary>Takes up what is stored; while the database is away, what was read before counts.</summary>
    public async Task ReadAsync(CancellationToken cancellation)
    {
        try
        {
            await _text.ReadAsync(cancellation);
        }
        catch (StateUnreadableException)
        {
            // It is read again when it changes, and when the database is back.
        }
    }

    private async Task WriteAsync(SealState state)
    {
        await OrUnavailableAsync(() => replicas.RefuseUnlessAllHaveAsync(state.Active!, Place));
        await _text.UpdateAsync(_ => SealStateFile.TextOf(state), CancellationToken.None);
    }

    private static async Task OrUnavailableAsync(Func<Task> ask)
    {
        try
        {
            await ask();
        }
        catch (DatabaseException exception)
        {
            throw StateNotWrittenException.Unavailable(Place, exception);
        }
    }
}
