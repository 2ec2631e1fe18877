using System.Diagnostics;
using ClawGrpc.Gateway.Stores;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>A replica that has stopped and did not say so.</summary>
/// <param name="Name">For people.</param>
/// <param name="Seen">When it last said that it is alive.</param>
internal sealed record GoneReplica(string Name, DateTime Seen)
{
    /// <summary>What that means.</summary>
    public const string Missing = "if it was killed, usage that it had not stored is lost: of up to 5 s, or since the database "
        + "went away; if it was stopped while the database was away, its next start stores that";

    public string SeenText => $"{Seen:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}";
}

/// <summary>The replicas that are alive, and the keys that each has.</summary>
internal sealed class Replicas(Database database, Guid id, string name, string version)
{
    /// <summary>How often a replica says that it is alive.</summary>
    public static readonly TimeSpan BetweenSigns = TimeSpan.FromSeconds(10);

    private const string Sign = """
        INSERT INTO clawgrpc.replica (id, name, version, seal_keys) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET seen = clock_timestamp(), seal_keys = excluded.seal_keys
        """;

    // A replica that has not said so for a minute is gone. One that was itself silent cannot tell: after an outage of the
    // database all were.
    private const string Forget = """
        DELETE FROM clawgrpc.replica WHERE seen < clock_timestamp() - interval '1 minute'
            AND EXISTS (SELECT FROM clawgrpc.replica WHERE id = $1 AND seen > clock_timestamp() - interval '30 seconds')
        RETURNING name, seen
        """;

    // How it is told apart from others of its name, and whether it is alive for a while after it was killed.
    private const string Alive = """
        SELECT name || to_char(started AT TIME ZONE 'UTC', '" (started "YYYY-MM-DD"T"HH24:MI:SS"Z, seen "')
            || round(extract(epoch FROM clock_timestamp() - seen)) || ' s ago)'
        FROM clawgrpc.replica
        WHERE id <> $1 AND seen > clock_timestamp() - interval '1 minute'
        """;

    private const string Lacking = $"{Alive} AND NOT ($2 = ANY (seal_keys)) ORDER BY name, started";
    private const string Named = $"{Alive} AND name = $2 ORDER BY started";

    // Replicas take up a changed configuration within two seconds, and say at once which keys they have then.
    private static readonly TimeSpan LongestForKey = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200);

    /// <summary>Says that this replica is alive.</summary>
    /// <param name="keys">The ids of the sealing keys that it can use.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The replicas that were found gone. Each is found by one of the others, once.</returns>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public Task<IReadOnlyList<GoneReplica>> SignAsync(
        IReadOnlyCollection<string> keys, CancellationToken cancellation) => database.TransactAsync<IReadOnlyList<GoneReplica>>(
        async connection =>
        {
            var gone = new List<GoneReplica>();
            await using (var forget = new NpgsqlCommand(Forget, connection) { Parameters = { new() { Value = id } } })
            await using (var reader = await forget.ExecuteReaderAsync(cancellation))
            {
                while (await reader.ReadAsync(cancellation))
                    gone.Add(new GoneReplica(reader.GetString(0), reader.GetDateTime(1)));
            }

            await using var sign = new NpgsqlCommand(Sign, connection)
            {
                Parameters =
                {
                    new() { Value = id }, new() { Value = name }, new() { Value = version }, new() { Value = keys.ToArray() },
                },
            };
            await sign.ExecuteNonQueryAsync(cancellation);
            return gone;
        },
        cancellation);

    /// <summary>Takes this replica off the list.</summary>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public Task LeaveAsync() => database.RunAsync(
        async connection =>
        {
            await using var leave = new NpgsqlCommand("DELETE FROM clawgrpc.replica WHERE id = $1", connection)
            {
                Parameters = { new() { Value = id } },
            };
            return await leave.ExecuteNonQueryAsync();
        },
        CancellationToken.None);

    /// <summary>The others that are alive under the name of this one.</summary>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public Task<List<string>> OfSameNameAsync() => OthersAsync(Named, name);

    /// <summary>Waits until no replica lacks a key, some seconds at most.</summary>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public async Task WaitForKeyAsync(string keyId, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < LongestForKey && (await OthersAsync(Lacking, keyId)).Count > 0)
            await Task.Delay(BetweenLooks, cancellation);
    }

    /// <summary>Refuses a key that a replica lacks: it could not read what is sealed with it.</summary>
    /// <exception cref="StateNotWrittenException">Some lack it.</exception>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public async Task RefuseUnlessAllHaveAsync(string keyId, string place)
    {
        if (await OthersAsync(Lacking, keyId) is { Count: > 0 } lacking)
        {
            throw StateNotWrittenException.Refused(
                place,
                $"The key {keyId} was not made active, since replicas lack it: {string.Join(", ", lacking)}. Give it to all of "
                    + "them first (clawgrpc.seal.otherKeys, or --seal-key). One that was killed counts as alive for a minute.");
        }
    }

    private Task<List<string>> OthersAsync(string which, string value) => database.RunAsync(
        async connection =>
        {
            var others = new List<string>();
            await using var command = new NpgsqlCommand(which, connection)
            {
                Parameters = { new() { Value = id }, new() { Value = value } },
            };
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                others.Add(reader.GetString(0));
            return others;
        },
        CancellationToken.None);
}
