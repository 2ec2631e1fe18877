using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>
/// Notices when documents change, whoever changes them. The database's notification is a hint that makes it quick; what was
/// missed is found by looking, every two seconds and after each new connection.
/// </summary>
internal sealed partial class Changes(Database database, Documents documents, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);

    // Without notifications looking is all there is.
    private static readonly TimeSpan BetweenLooksAlone = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource? _source = database.Settings.Listen is { } listen ? Database.SourceOf(listen) : null;

    // The newest revision of each document that was reported, or that this process wrote.
    private readonly ConcurrentDictionary<string, long> _known = new(StringComparer.Ordinal);

    // A document that changes again before it was read is reported once.
    private readonly Lock _gate = new();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly Channel<string> _names = Channel.CreateUnbounded<string>();

    /// <summary>The names of all documents that are known.</summary>
    public IEnumerable<string> Names => _known.Keys;

    /// <summary>This process wrote or read a revision, and needs no report of it.</summary>
    public void Know(string name, long revision)
    {
        if (revision > 0)
            _known.AddOrUpdate(name, revision, (_, before) => Math.Max(before, revision));
    }

    /// <summary>A document counts as changed, whether or not it is.</summary>
    public void Report(string name)
    {
        lock (_gate)
        {
            if (_waiting.Add(name))
                _names.Writer.TryWrite(name);
        }
    }

    /// <summary>
    /// All documents count as changed: a change that was heard of while the database went away was not read.
    /// </summary>
    public void ReportAll()
    {
        foreach (var name in _known.Keys)
            Report(name);
    }

    /// <summary>Looks for what has changed.</summary>
    /// <exception cref="DatabaseException">The database is away.</exception>
    public async Task LookAsync(CancellationToken cancellation)
    {
        foreach (var (name, revision) in await documents.LookAsync(cancellation))
            Saw(name, revision);
    }

    /// <summary>The names of documents as they change, until cancelled. For one reader.</summary>
    public async IAsyncEnumerable<string> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var loops = Task.WhenAll(ListenAsync(stopping.Token), LookForEverAsync(stopping.Token));
        try
        {
            while (await _names.Reader.WaitToReadAsync(cancellation))
            {
                while (_names.Reader.TryRead(out var name))
                {
                    lock (_gate)
                        _waiting.Remove(name);
                    yield return name;

                    // Nobody has read it, and somebody may want it while the database is away.
                    await documents.FreshenAsync(name, _known.GetValueOrDefault(name), cancellation);
                }
            }
        }
        finally
        {
            await stopping.CancelAsync();
            await loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose() => _source?.Dispose();

    private void Saw(string name, long revision)
    {
        // One that is older than what is known was put back from a backup: that is a change too, found by looking alone.
        if (_known.TryGetValue(name, out var known) && known == revision)
            return;
        _known[name] = revision;
        Report(name);
    }

    private void Heard(string payload)
    {
        var at = payload.LastIndexOf(' ');
        if (at > 0 && long.TryParse(payload.AsSpan(at + 1), out var revision)
            && revision > _known.GetValueOrDefault(payload[..at]))
        {
            Saw(payload[..at], revision);
        }
    }

    // The connection does nothing else: one that is busy would hold up the notifications of all.
    private async Task ListenAsync(CancellationToken cancellation)
    {
        if (_source is null)
            return;
        var pause = ShortestPause;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await using var connection = await Database.OpenAsync(_source, cancellation);
                connection.Notification += (_, notification) => Heard(notification.Payload);
                await using (var listen = new NpgsqlCommand($"LISTEN {Database.Channel}", connection))
                    await listen.ExecuteNonQueryAsync(cancellation);
                await LookAsync(cancellation);
                pause = ShortestPause;
                while (true)
                    await connection.WaitAsync(cancellation);
            }
            catch (Exception exception) when (DatabaseFaults.IsOfDatabase(exception) || exception is DatabaseException)
            {
                if (pause == ShortestPause)
                    LogDeaf(exception is DatabaseException ? exception.Message : DatabaseFaults.Explained(exception));
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, cancellation);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private async Task LookForEverAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(_source is null ? BetweenLooksAlone : BetweenLooks, time);
        do
        {
            try
            {
                await LookAsync(cancellation);
            }
            catch (DatabaseException)
            {
                // It says so itself, and the next look finds what this one would have found.
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    [LoggerMessage(
        90, LogLevel.Warning, "Until the database notifies again, changes of other replicas are looked for every 2 s: {Why}")]
    private partial void LogDeaf(string why);
}
