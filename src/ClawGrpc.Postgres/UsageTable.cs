using System.Collections.Immutable;
using ClawGrpc.Core.Accounting;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>Counted usage: a row for each day, client, agent, profile and model, which all replicas add to.</summary>
internal sealed class UsageTable(Database database, Guid replica) : IDisposable
{
    private const string Columns =
        "day, client, agent, profile, model, completions, unpriced, input, output, cache_write, cache_read, nano_usd";

    private const string Add = $"""
        INSERT INTO clawgrpc.usage AS usage ({Columns})
        SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
        ON CONFLICT (day, client, agent, profile, model) DO UPDATE SET
            completions = usage.completions + excluded.completions, unpriced = usage.unpriced + excluded.unpriced,
            input = usage.input + excluded.input, output = usage.output + excluded.output,
            cache_write = usage.cache_write + excluded.cache_write, cache_read = usage.cache_read + excluded.cache_read,
            nano_usd = usage.nano_usd + excluded.nano_usd
        """;

    private const string Number = """
        INSERT INTO clawgrpc.usage_batch AS batch (replica, number) VALUES ($1, $2)
        ON CONFLICT (replica) DO UPDATE SET number = excluded.number, added = clock_timestamp()
            WHERE batch.number < excluded.number
        """;

    private const string Forget = """
        DELETE FROM clawgrpc.usage WHERE day < $1;
        DELETE FROM clawgrpc.usage_batch WHERE added < clock_timestamp() - interval '30 days'
        """;

    private readonly SemaphoreSlim _one = new(1);
    private long _number;

    // What is not known to be stored is sent again as it was, under its number, before anything else.
    private Batch? _unsure;

    // What is stored of usage that callers still hold, since they were told that it might not be.
    private readonly Dictionary<UsageKey, UsageCounters> _stored = [];

    /// <summary>All rows.</summary>
    /// <exception cref="DatabaseException">They cannot be read.</exception>
    public Task<ImmutableDictionary<UsageKey, UsageCounters>> ReadAsync(CancellationToken cancellation) => database.RunAsync(
        async connection =>
        {
            var rows = ImmutableDictionary.CreateBuilder<UsageKey, UsageCounters>();
            await using var command = new NpgsqlCommand($"SELECT {Columns} FROM clawgrpc.usage", connection);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                var key = new UsageKey(
                    reader.GetFieldValue<DateOnly>(0), reader.GetString(1), reader.GetString(2), reader.GetString(3),
                    reader.GetString(4));
                rows[key] = new UsageCounters(
                    reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8), reader.GetInt64(9),
                    reader.GetInt64(10), reader.GetInt64(11));
            }

            return rows.ToImmutable();
        },
        cancellation);

    /// <summary>
    /// Adds to the rows of a day, all of it or nothing; what was added before and not confirmed is not added twice.
    /// </summary>
    /// <param name="day">The day of all rows.</param>
    /// <param name="more">What is added. After a failure, at least what was to be added then.</param>
    /// <param name="keepFrom">What is older is removed.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="DatabaseException">It cannot be added, or it is not known whether it was.</exception>
    public async Task AddAsync(
        DateOnly day, IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> more, DateOnly keepFrom,
        CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_unsure is { } unsure)
                await SendAsync(unsure, keepFrom, cancellation);
            await SendAsync(new Batch(++_number, day, LessStored(more)), keepFrom, cancellation);
            foreach (var (key, _) in more)
                _stored.Remove(key);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>What is left of usage that cannot be added any more, since the process ends.</summary>
    /// <param name="rows">At least what was to be added last.</param>
    public UnsentUsage Unsent(IEnumerable<KeyValuePair<UsageKey, UsageCounters>> rows) =>
        new(_number, LessStored(rows), _unsure?.Rows ?? []);

    /// <summary>
    /// Adds what another process has left, unless it is added; the replica that it was is off the list then.
    /// </summary>
    /// <param name="left">The id of that process.</param>
    /// <param name="unsent">What it has left.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="DatabaseException">It cannot be added, or it is not known whether it was.</exception>
    public Task AddUnsentAsync(Guid left, UnsentUsage unsent, CancellationToken cancellation) => database.TransactAsync(
        async connection =>
        {
            // Whether the last batch was stored is settled here: one that is still under way finds its number taken.
            var isStored = !await NoteAsync(connection, left, unsent.Number, cancellation);
            if (!await NoteAsync(connection, left, unsent.Number + 1, cancellation))
                return false;
            var rows = unsent.Rows.Select(row => KeyValuePair.Create(
                row.Key, row.Value - (isStored ? unsent.Unsure.GetValueOrDefault(row.Key) : default)));
            foreach (var day in rows.GroupBy(row => row.Key.Day).OrderBy(day => day.Key))
                await AddRowsAsync(connection, day.Key, day, cancellation);
            await using var leave = new NpgsqlCommand("DELETE FROM clawgrpc.replica WHERE id = $1", connection)
            {
                Parameters = { new() { Value = left } },
            };
            await leave.ExecuteNonQueryAsync(cancellation);
            return true;
        },
        cancellation);

    /// <summary>Adds to the rows of a day in a transaction.</summary>
    public static async Task AddRowsAsync(
        NpgsqlConnection connection, DateOnly day, IEnumerable<KeyValuePair<UsageKey, UsageCounters>> more,
        CancellationToken cancellation)
    {
        // In one order, so that replicas that add at once wait for each other and never in a circle.
        var rows = UsageKey.Ordered(more).ToList();
        await using var add = new NpgsqlCommand(Add, connection)
        {
            Parameters =
            {
                new() { Value = day },
                Texts(row => row.Client), Texts(row => row.Agent), Texts(row => row.Profile), Texts(row => row.Model),
                Numbers(row => row.Completions), Numbers(row => row.Unpriced), Numbers(row => row.Input),
                Numbers(row => row.Output), Numbers(row => row.CacheWrite), Numbers(row => row.CacheRead),
                Numbers(row => row.NanoUsd),
            },
        };
        await add.ExecuteNonQueryAsync(cancellation);

        NpgsqlParameter Texts(Func<UsageKey, string> of) => new() { Value = rows.Select(row => of(row.Key)).ToArray() };
        NpgsqlParameter Numbers(Func<UsageCounters, long> of) =>
            new() { Value = rows.Select(row => of(row.Value)).ToArray() };
    }

    public void Dispose() => _one.Dispose();

    private async Task SendAsync(Batch batch, DateOnly keepFrom, CancellationToken cancellation)
    {
        _unsure = batch;
        await database.TransactAsync(
            async connection =>
            {
                // Its number is taken if an earlier try is stored; one that is still under way is waited for.
                if (!await NoteAsync(connection, replica, batch.Number, cancellation))
                    return false;
                await AddRowsAsync(connection, batch.Day, batch.Rows, cancellation);
                await using var forget = new NpgsqlCommand(
                    Forget.Replace("$1", $"'{keepFrom:yyyy-MM-dd}'", StringComparison.Ordinal), connection);
                await forget.ExecuteNonQueryAsync(cancellation);
                return true;
            },
            cancellation);
        _unsure = null;
        foreach (var (key, counters) in batch.Rows)
            _stored[key] = _stored.GetValueOrDefault(key) + counters;
    }

    private ImmutableDictionary<UsageKey, UsageCounters> LessStored(IEnumerable<KeyValuePair<UsageKey, UsageCounters>> rows) =>
        rows.ToImmutableDictionary(row => row.Key, row => row.Value - _stored.GetValueOrDefault(row.Key));

    // False: that batch of the replica, or a later one, is stored.
    private static async Task<bool> NoteAsync(
        NpgsqlConnection connection, Guid replica, long number, CancellationToken cancellation)
    {
        await using var note = new NpgsqlCommand(Number, connection)
        {
            Parameters = { new() { Value = replica }, new() { Value = number } },
        };
        return await note.ExecuteNonQueryAsync(cancellation) > 0;
    }

    private sealed record Batch(long Number, DateOnly Day, ImmutableDictionary<UsageKey, UsageCounters> Rows);
}
