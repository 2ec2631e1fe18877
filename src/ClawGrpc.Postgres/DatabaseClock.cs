using System.Diagnostics;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>
/// The database's clock, which all replicas go by: this host's, moved by how much it differs. Every time that is stored or
/// compared with a stored one is of this clock, so that a replica whose clock is wrong decides as the others do.
/// </summary>
internal sealed class DatabaseClock(TimeProvider host) : TimeProvider
{
    /// <summary>How often the difference is measured.</summary>
    public static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(30);

    /// <summary>From here on the difference is worth a warning.</summary>
    public static readonly TimeSpan Suspicious = TimeSpan.FromSeconds(2);

    private const int MostSamples = 10;

    private readonly Queue<(TimeSpan RoundTrip, TimeSpan Offset)> _samples = new();
    private long _offset;

    /// <summary>How much the database is ahead of this host; negative: behind it.</summary>
    public TimeSpan Offset => new(Volatile.Read(ref _offset));

    public override TimeZoneInfo LocalTimeZone => host.LocalTimeZone;

    public override long TimestampFrequency => host.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => host.GetUtcNow() + Offset;

    public override long GetTimestamp() => host.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        host.CreateTimer(callback, state, dueTime, period);

    /// <summary>Measures the difference. Of the last ten looks, the one that took the shortest counts.</summary>
    /// <exception cref="DatabaseException">The database cannot be asked.</exception>
    public async Task LookAsync(Database database, CancellationToken cancellation)
    {
        var (roundTrip, offset) = await database.RunAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
                var (before, began) = (host.GetUtcNow(), Stopwatch.GetTimestamp());
                var there = (DateTime)(await command.ExecuteScalarAsync(cancellation))!;
                var took = Stopwatch.GetElapsedTime(began);
                return (took, new DateTimeOffset(there) - (before + (took / 2)));
            },
            cancellation);
        lock (_samples)
        {
            _samples.Enqueue((roundTrip, offset));
            if (_samples.Count > MostSamples)
                _samples.Dequeue();

            // One that differs by more than its own way can explain: the host's clock was set since.
            if (_samples.Any(sample => (sample.Offset - offset).Duration() > sample.RoundTrip + roundTrip))
            {
                _samples.Clear();
                _samples.Enqueue((roundTrip, offset));
            }

            Volatile.Write(ref _offset, _samples.MinBy(sample => sample.RoundTrip).Offset.Ticks);
        }
    }
}
