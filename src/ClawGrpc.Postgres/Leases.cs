using System.Collections.Concurrent;
using ClawGrpc.Gateway.Stores;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>
/// Exclusive rights among all replicas, each for a while by the database's clock. A fence counts the holders, so that one whose
/// time was over is told from the one that came after it.
/// </summary>
internal sealed class Leases(Database database, Guid replica)
{
    private const string Acquire = """
        INSERT INTO clawgrpc.lease AS lease (name, holder, fence, until) VALUES ($1, $2, 1, clock_timestamp() + $3)
        ON CONFLICT (name) DO UPDATE
            SET holder = excluded.holder, fence = lease.fence + 1, until = clock_timestamp() + $3
            WHERE lease.until < clock_timestamp() OR (lease.holder = $2 AND lease.fence = $4)
        RETURNING fence
        """;

    private const string Release =
        "UPDATE clawgrpc.lease SET until = '-infinity' WHERE name = $1 AND holder = $2 AND fence = $3";

    // Waiting is rare and short: a refresh takes less than a second.
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    // Leases that are over here and could not be given back, with their fences: this replica need not wait for their end.
    private readonly ConcurrentDictionary<string, long> _left = new(StringComparer.Ordinal);

    /// <summary>Waits for a lease.</summary>
    /// <param name="name">What it is of.</param>
    /// <param name="place">The same for people.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="StateNotWrittenException">
    /// It cannot be had: the database is away, or another replica keeps it.
    /// </exception>
    public async Task<IAsyncDisposable> AcquireAsync(string name, string place, CancellationToken cancellation)
    {
        var time = database.Settings.LeaseTime;
        var tries = (int)(time * 2 / BetweenTries);
        try
        {
            for (var number = 0; number < tries; number++)
            {
                if (await TryAcquireAsync(name, time, cancellation) is { } fence)
                {
                    _left.TryRemove(name, out _);
                    return new Lease(this, name, fence);
                }

                await Task.Delay(BetweenTries * (0.5 + Random.Shared.NextDouble()), cancellation);
            }
        }
        catch (DatabaseException exception)
        {
            throw StateNotWrittenException.Unavailable(place, exception);
        }

        throw StateNotWrittenException.LockBusy(place, $"lease {name}", "Another replica keeps it.");
    }

    private Task<long?> TryAcquireAsync(string name, TimeSpan time, CancellationToken cancellation) => database.RunAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(Acquire, connection)
            {
                Parameters =
                {
                    new() { Value = name }, new() { Value = replica }, new() { Value = time },
                    new() { Value = _left.GetValueOrDefault(name) },
                },
            };
            return (long?)await command.ExecuteScalarAsync(cancellation);
        },
        cancellation);

    private async Task ReleaseAsync(string name, long fence)
    {
        try
        {
            await database.RunAsync(
                async connection =>
                {
                    await using var command = new NpgsqlCommand(Release, connection)
                    {
                        Parameters = { new() { Value = name }, new() { Value = replica }, new() { Value = fence } },
                    };
                    return await command.ExecuteNonQueryAsync();
                },
                CancellationToken.None);
        }
        catch (DatabaseException)
        {
            // For the others it ends by itself.
            _left[name] = fence;
        }
    }

    private sealed class Lease(Leases leases, string name, long fence) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await leases.ReleaseAsync(name, fence);
    }
}
