using System.Collections.Immutable;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <content>The whole state, from a folder and into one.</content>
internal sealed partial class PostgresStore
{
    /// <summary>The profiles of an agent as they are stored, from the text of its file: every secret sealed.</summary>
    /// <param name="agentId">The agent.</param>
    /// <param name="file">The text, whose sealed secrets this replica can open.</param>
    /// <param name="path">Where it comes from.</param>
    /// <param name="origins">The upstreams of its profiles.</param>
    /// <exception cref="StateUnreadableException">The text cannot be parsed.</exception>
    /// <exception cref="StateNotWrittenException">There is no key to seal with.</exception>
    public byte[] SealedProfilesOf(string agentId, byte[] file, string path, ImmutableDictionary<string, string> origins) =>
        AgentOf(agentId).Sealed(file, path, origins);

    /// <summary>The key of clients' tokens as it is stored.</summary>
    /// <inheritdoc cref="SharedServerKey.Sealed(byte[])"/>
    public byte[] SealedServerKeyOf(byte[] key) => _serverKey.Sealed(key);

    /// <summary>Stores a state from elsewhere, all of it or nothing.</summary>
    /// <param name="documents">Documents by name, as they are stored.</param>
    /// <param name="usage">Counted usage, which is added.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="UnusableDatabaseException">There are other documents of these names.</exception>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public Task ImportAsync(
        IReadOnlyDictionary<string, byte[]> documents, IEnumerable<KeyValuePair<UsageKey, UsageCounters>> usage,
        CancellationToken cancellation) => _database.TransactAsync(
        async connection =>
        {
            if (await _documents.AddAsync(connection, documents, cancellation) is { Count: > 0 } others)
            {
                throw new UnusableDatabaseException(
                    $"The database has a state already: {string.Join(", ", others)}. Import into a new one (createdb, then "
                        + "clawgrpc migrate).");
            }

            foreach (var day in usage.GroupBy(row => row.Key.Day))
                await UsageTable.AddRowsAsync(connection, day.Key, day, cancellation);
            return true;
        },
        cancellation);

    /// <summary>All documents that are texts, by name: what an export writes as files.</summary>
    public async Task<IReadOnlyList<(string Name, byte[] Body)>> ExportAsync(CancellationToken cancellation)
    {
        var all = new List<(string, byte[])>();
        foreach (var name in (await _documents.LookAsync(cancellation)).Keys.Order(StringComparer.Ordinal))
        {
            if (name != SharedServerKey.Name)
                all.Add((name, (await _documents.ReadAsync(name, Document.None, cancellation)).Body));
        }

        return all;
    }
}
