using ClawGrpc.Gateway.Stores;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>A replica that has stopped and did not say so.</summary>
/// <param name="Name">For people.</param>
/// <param name="Seen">When it last said that it is alive.</param>
internal sealed record GoneReplica(string Name, DateTime Seen)
{
    /// <summary>What that means.</summary>
    public const string Missing = "up to 5 s of its usage are missing";

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

    private const string Lacking = """
        SELECT name FROM clawgrpc.replica
        WHERE id <> $1 AND seen > clock_timestamp() - interval '1 minute' AND NOT ($2 = ANY (seal_keys)) ORDER BY name
        """;

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

    /// <summary>Refuses a key that a replica lacks: it could not read what is sealed with it.</summary>
    /// <exception cref="StateNotWrittenException">Some lack it.</exception>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public async Task RefuseUnlessAllHaveAsync(string keyId, string place)
    {
        var lacking = await database.RunAsync(
            async connection =>
            {
                var names = new List<string>();
                await using var command = new NpgsqlCommand(Lacking, connection)
                {
                    Parameters = { new() { Value = id }, new() { Value = keyId } },
                };
                await using var reader = await command.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    names.Add(reader.GetString(0));
                return names;
            },
            CancellationToken.None);
        if (lacking.Count > 0)
        {
            throw StateNotWrittenException.Refused(
                place,
                $"The key {keyId} was not made active, since replicas lack it: {string.Join(", ", lacking)}. Give it to all of "
                    + "them first (clawgrpc.seal.otherKeys, or --seal-key).");
        }
    }
}
