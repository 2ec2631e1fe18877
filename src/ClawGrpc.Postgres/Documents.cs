using System.Collections.Concurrent;
using Npgsql;
using NpgsqlTypes;

namespace ClawGrpc.Postgres;

/// <summary>A document as it is stored.</summary>
/// <param name="Body">Its bytes; empty says the same as no document.</param>
/// <param name="Revision">Grows with every change; 0: there is none.</param>
internal sealed record Document(byte[] Body, long Revision)
{
    public static readonly Document None = new([], 0);
}

/// <summary>
/// What files are in a state folder: texts by name, each with a revision that is the same for every replica. All of them are in
/// memory too, at most a look behind, and are what is read while the database is away.
/// </summary>
internal sealed class Documents(Database database)
{
    private const int MostAtOnce = 500;

    // An empty one is written before it is locked, so that two who write it for the first time wait for each other.
    private const string Lock = "SELECT body, revision FROM clawgrpc.document WHERE name = $1 FOR UPDATE";
    private const string Create =
        "INSERT INTO clawgrpc.document (name, body, revision) VALUES ($1, '', 0) ON CONFLICT (name) DO NOTHING";

    private const string Change = """
        UPDATE clawgrpc.document SET body = $2, changed = clock_timestamp(),
            revision = greatest(revision + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        WHERE name = $1 RETURNING revision, pg_notify('clawgrpc', name || ' ' || revision)
        """;

    private readonly ConcurrentDictionary<string, Document> _last = new(StringComparer.Ordinal);
    private long _changes;

    private volatile bool _isWhole;

    /// <summary>All documents as they are in memory, by name.</summary>
    public IReadOnlyCollection<KeyValuePair<string, Document>> Last => [.. _last];

    /// <summary>Grows whenever something in memory changes.</summary>
    public long Changes => Volatile.Read(ref _changes);

    /// <summary>Whether all documents were read once, or taken up: one that is not in memory is none then.</summary>
    public bool IsWhole => _isWhole;

    /// <summary>Takes up all documents as they were kept elsewhere, while the database is away.</summary>
    public void Begin(IEnumerable<KeyValuePair<string, Document>> all)
    {
        foreach (var (name, document) in all)
            Keep(name, document);
        _isWhole = true;
    }

    /// <summary>What is stored, unless it is of the known revision; while the database is away, what is in memory.</summary>
    /// <param name="name">The document's name.</param>
    /// <param name="known">What is known; its object is given back if it is still stored.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="DatabaseException">It cannot be read, and not all were read once.</exception>
    public async Task<Document> ReadAsync(string name, Document known, CancellationToken cancellation)
    {
        if (database.AwaySince is not null && InMemory(name) is { } last)
            return last;
        try
        {
            var document = await FetchAsync(name, known, cancellation);

            // A look puts right what a slow read would take back, and takes up a backup.
            if (document.Revision > 0 && document.Revision >= _last.GetValueOrDefault(name, Document.None).Revision)
                Keep(name, document);
            return document;
        }
        catch (DatabaseException) when (InMemory(name) is not null)
        {
            return InMemory(name)!;
        }
    }

    private Task<Document> FetchAsync(string name, Document known, CancellationToken cancellation) => database.RunAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(
                "SELECT revision, CASE WHEN revision <> $2 THEN body END FROM clawgrpc.document WHERE name = $1", connection)
            {
                Parameters = { Text(name), Number(known.Revision) },
            };
            await database.PrepareAsync(command, cancellation);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            if (!await reader.ReadAsync(cancellation))
                return Document.None;
            return reader.IsDBNull(1) ? known : new Document(reader.GetFieldValue<byte[]>(1), reader.GetInt64(0));
        },
        cancellation);

    /// <summary>Changes a document, alone among all replicas. Stored when it returns.</summary>
    /// <param name="name">The document's name.</param>
    /// <param name="decide">
    /// From what is stored to what is to be stored; null to change nothing. What it throws is passed on, and nothing is changed.
    /// Called again if the database asks for that.
    /// </param>
    /// <param name="isDurable">
    /// Asked after the decision: whether the change must be on disk when this returns. If not, a crash of the database may lose
    /// the last half second of it.
    /// </param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <returns>What is stored then.</returns>
    /// <exception cref="DatabaseException">It cannot be stored, or it is not known whether it is.</exception>
    public async Task<Document> UpdateAsync(
        string name, Func<Document, byte[]?> decide, Func<bool> isDurable, CancellationToken cancellation)
    {
        var stored = await database.TransactAsync(
            async connection =>
            {
                var before = await LockAsync(connection, name, cancellation);
                if (decide(before) is not { } body)
                    return before;
                if (!isDurable())
                {
                    await using var relaxed = new NpgsqlCommand("SET LOCAL synchronous_commit = off", connection);
                    await relaxed.ExecuteNonQueryAsync(CancellationToken.None);
                }

                await using var change = new NpgsqlCommand(Change, connection) { Parameters = { Text(name), Bytes(body) } };
                await database.PrepareAsync(change, CancellationToken.None);
                return new Document(body, (long)(await change.ExecuteScalarAsync(CancellationToken.None))!);
            },
            cancellation);
        Keep(name, stored);
        return stored;
    }

    /// <summary>Stores new documents in a transaction.</summary>
    /// <returns>Those that are there already and say something else; of these, nothing is stored.</returns>
    public async Task<IReadOnlyList<string>> AddAsync(
        NpgsqlConnection connection, IReadOnlyDictionary<string, byte[]> documents, CancellationToken cancellation)
    {
        var others = new List<string>();

        // In one order, as for all that lock more than one row.
        foreach (var (name, body) in documents.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            var before = await LockAsync(connection, name, cancellation);
            if (before.Body.AsSpan().SequenceEqual(body))
                continue;
            if (before.Body.Length > 0)
            {
                others.Add(name);
                continue;
            }

            await using var change = new NpgsqlCommand(Change, connection) { Parameters = { Text(name), Bytes(body) } };
            await change.ExecuteScalarAsync(cancellation);
        }

        return others;
    }

    /// <summary>The revisions of all documents. Those that differ from what is in memory are read.</summary>
    /// <exception cref="DatabaseException">They cannot be read.</exception>
    public async Task<Dictionary<string, long>> LookAsync(CancellationToken cancellation)
    {
        var before = _last.Keys;
        var revisions = await RevisionsAsync(cancellation);
        var differing = revisions.Where(each => _last.GetValueOrDefault(each.Key)?.Revision != each.Value)
            .Select(each => each.Key);
        foreach (var names in differing.Chunk(MostAtOnce))
        {
            foreach (var (name, document) in await FetchAsync(names, cancellation))
                Keep(name, document);
        }

        foreach (var gone in before.Where(name => !revisions.ContainsKey(name)))
            _last.TryRemove(gone, out _);
        _isWhole = true;
        return revisions;
    }

    /// <summary>Reads a document if this revision of it is not in memory; not while the database is away.</summary>
    public async Task FreshenAsync(string name, long revision, CancellationToken cancellation)
    {
        var last = _last.GetValueOrDefault(name, Document.None);
        if (last.Revision == revision || database.AwaySince is not null)
            return;
        try
        {
            await ReadAsync(name, last, cancellation);
        }
        catch (DatabaseException)
        {
            // All documents are looked at once it is back.
        }
    }

    private Document? InMemory(string name) => _last.GetValueOrDefault(name) ?? (_isWhole ? Document.None : null);

    private void Keep(string name, Document document)
    {
        if (_last.GetValueOrDefault(name)?.Revision != document.Revision)
            Interlocked.Increment(ref _changes);
        _last[name] = document;
    }

    private Task<Dictionary<string, long>> RevisionsAsync(CancellationToken cancellation) => database.LookAsync(
        async connection =>
        {
            var revisions = new Dictionary<string, long>(StringComparer.Ordinal);
            await using var command = new NpgsqlCommand("SELECT name, revision FROM clawgrpc.document", connection);
            await database.PrepareAsync(command, cancellation);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                revisions[reader.GetString(0)] = reader.GetInt64(1);
            return revisions;
        },
        cancellation);

    private Task<List<(string Name, Document Document)>> FetchAsync(string[] names, CancellationToken cancellation) =>
        database.RunAsync(
            async connection =>
            {
                var documents = new List<(string, Document)>();
                await using var command = new NpgsqlCommand(
                    "SELECT name, body, revision FROM clawgrpc.document WHERE name = ANY ($1)", connection)
                {
                    Parameters = { new() { Value = names } },
                };
                await using var reader = await command.ExecuteReaderAsync(cancellation);
                while (await reader.ReadAsync(cancellation))
                {
                    var document = new Document(reader.GetFieldValue<byte[]>(1), reader.GetInt64(2));
                    documents.Add((reader.GetString(0), document));
                }

                return documents;
            },
            cancellation);

    private async Task<Document> LockAsync(NpgsqlConnection connection, string name, CancellationToken cancellation)
    {
        if (await LockedAsync() is { } there)
            return there;
        await using var create = new NpgsqlCommand(Create, connection) { Parameters = { Text(name) } };
        await create.ExecuteNonQueryAsync(cancellation);
        return await LockedAsync() ?? Document.None;

        async Task<Document?> LockedAsync()
        {
            await using var command = new NpgsqlCommand(Lock, connection) { Parameters = { Text(name) } };
            await database.PrepareAsync(command, cancellation);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            return await reader.ReadAsync(cancellation)
                ? new Document(reader.GetFieldValue<byte[]>(0), reader.GetInt64(1))
                : null;
        }
    }

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter<byte[]> Bytes(byte[] value) =>
        new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bytea };

    private static NpgsqlParameter<long> Number(long value) =>
        new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint };
}
