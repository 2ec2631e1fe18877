using System.Threading.Channels;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>
/// Says every ten seconds that this replica is alive and which sealing keys it has, notices which others are gone, and measures
/// the database's clock.
/// </summary>
internal sealed partial class Presence(
    Database database, DatabaseClock clock, Replicas replicas, SharedServerKey serverKey, SealingKeys keys, ILogger log)
{
    private readonly Channel<bool> _newKeys =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Raised with each replica that is found to have stopped without saying so.</summary>
    public event Action<GoneReplica>? ReplicaGone;

    /// <summary>Raised when the database's clock was measured.</summary>
    public event Action? ClockMeasured;

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        keys.Changed += SignSoon;
        try
        {
            await Task.WhenAll(SignForEverAsync(cancellation), SignNewKeysAsync(cancellation));
        }
        finally
        {
            keys.Changed -= SignSoon;
        }
    }

    private void SignSoon() => _newKeys.Writer.TryWrite(true);

    // A key can be made active as soon as all have it.
    private async Task SignNewKeysAsync(CancellationToken cancellation)
    {
        await foreach (var _ in _newKeys.Reader.ReadAllAsync(cancellation))
            await TryAsync(() => SignAsync(cancellation));
    }

    private async Task SignForEverAsync(CancellationToken cancellation)
    {
        await TryAsync(WarnOfNameAsync);
        var looked = clock.GetTimestamp();
        using var timer = new PeriodicTimer(Replicas.BetweenSigns, clock);
        do
        {
            await TryAsync(async () =>
            {
                await SignAsync(cancellation);
                if (clock.GetElapsedTime(looked) < DatabaseClock.BetweenLooks)
                    return;
                looked = clock.GetTimestamp();
                await clock.LookAsync(database, cancellation);
                ClockMeasured?.Invoke();
            });
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    // Messages about replicas name them.
    private async Task WarnOfNameAsync()
    {
        if (await replicas.OfSameNameAsync() is { Count: > 0 } others)
            LogSameName(string.Join(", ", others));
    }

    private async Task SignAsync(CancellationToken cancellation)
    {
        foreach (var gone in await replicas.SignAsync([.. keys.Now.Opening.Keys.Keys], cancellation))
        {
            LogGone(gone.Name, gone.SeenText, GoneReplica.Missing);
            ReplicaGone?.Invoke(gone);
        }

        await serverKey.RewrapAsync(cancellation);
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (DatabaseException exception)
        {
            LogAway(exception.Message);
        }
    }

    [LoggerMessage(91, LogLevel.Warning, "The database cannot be used; what was read from it serves until it can: {Why}")]
    private partial void LogAway(string why);

    [LoggerMessage(92, LogLevel.Warning, "The replica {Replica} is gone without a word since {Since}: {Missing}")]
    private partial void LogGone(string replica, string since, string missing);

    [LoggerMessage(94, LogLevel.Warning, "Another replica has the name of this one: {Others}. Unless it was killed, give each a "
        + "name of its own: --replica-name")]
    private partial void LogSameName(string others);
}
