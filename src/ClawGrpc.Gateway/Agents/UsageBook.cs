using System.Collections.Concurrent;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Gateway.Agents;

/// <summary>
/// Usage by day, client, agent, profile and model, kept across restarts. It is written behind the completions that cause it, at
/// most every five seconds and when the server stops; a server that is killed loses what came since the last write.
/// </summary>
internal sealed partial class UsageBook : IAsyncDisposable
{
    /// <summary>For this many days usage is kept.</summary>
    public const int DaysKept = 400;

    // Further ones of a day are counted without names.
    private const int MostLinesOfDay = 1000;
    private static readonly TimeSpan BetweenWrites = TimeSpan.FromSeconds(5);

    // What is not stored yet.
    private readonly ConcurrentDictionary<UsageKey, Line> _lines = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly IStateStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly WriteBehind _writer;

    public UsageBook(IStateStore store, TimeProvider time, ILogger<UsageBook> log)
    {
        (_store, _time, _log) = (store, time, log);
        _writer = new WriteBehind(TryWriteAsync, BetweenWrites, BetweenWrites, time);
    }

    private DateOnly Today => DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);

    /// <summary>Counts an answer, or an attempt that upstream counted before it was abandoned.</summary>
    /// <param name="client">The client that called.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="route">The route that served.</param>
    /// <param name="usage">Null if upstream counted nothing.</param>
    /// <param name="cost">Null likewise.</param>
    /// <param name="completions">How many answers began.</param>
    public void Add(string client, string agent, Route route, UsageCount? usage, Cost? cost, int completions)
    {
        var key = new UsageKey(Today, client, agent, route.ProfileId, route.ModelRef);
        LineOf(key).Add(new UsageCounters(
            completions, cost?.Unpriced.Length > 0 ? completions : 0, usage?.InputTokens ?? 0, usage?.OutputTokens ?? 0,
            usage?.CacheCreationInputTokens ?? 0, usage?.CacheReadInputTokens ?? 0, cost?.Total ?? 0));
        _writer.WriteLater();
    }

    /// <summary>Usage so far, stored or not. Keys may come twice.</summary>
    /// <exception cref="StateUnreadableException">What is stored cannot be read.</exception>
    public async Task<IReadOnlyList<KeyValuePair<UsageKey, UsageCounters>>> ReadAsync(CancellationToken cancellation)
    {
        // Not while a write moves lines to the store.
        await _writing.WaitAsync(cancellation);
        try
        {
            var stored = await _store.ReadUsageAsync(cancellation);
            return [.. stored, .. _lines.Select(line => KeyValuePair.Create(line.Key, line.Value.Counted))];
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        KeepWhatIsLeft();
        _writing.Dispose();
    }

    private Line LineOf(UsageKey key)
    {
        if (_lines.TryGetValue(key, out var known))
            return known;
        var row = _lines.Count < MostLinesOfDay ? key : new UsageKey(key.Day, "", key.Agent, "", "");
        return _lines.GetOrAdd(row, static _ => new Line());
    }

    private async Task<WriteOutcome> TryWriteAsync()
    {
        await _writing.WaitAsync();
        try
        {
            var due = Due();

            // In order: a day of which it is not known whether it was stored comes first again.
            foreach (var day in due.GroupBy(row => row.Key.Day).OrderBy(day => day.Key))
                await WriteAsync(day.Key, [.. day]);

            // Lines of today stay for the next completions, and those of yesterday for completions that count just now.
            foreach (var (key, line) in _lines)
            {
                if (key.Day < Today.AddDays(-1) && line.Counted == default)
                    _lines.TryRemove(key, out _);
            }

            return due.Count > 0 ? WriteOutcome.Written : WriteOutcome.Nothing;
        }
        catch (Exception exception) when (exception is StateUnreadableException or StateNotWrittenException)
        {
            LogNotWritten(exception.Message);
            return WriteOutcome.Failed;
        }
        finally
        {
            _writing.Release();
        }
    }

    private List<KeyValuePair<UsageKey, UsageCounters>> Due() => [.. _lines
        .Select(line => KeyValuePair.Create(line.Key, line.Value.Counted)).Where(row => row.Value != default)];

    private void KeepWhatIsLeft()
    {
        var left = Due();
        if (left.Count == 0)
            return;
        var completions = left.Sum(row => row.Value.Completions);
        var why = "";
        try
        {
            if (_store.KeepUsage(left) is { } path)
            {
                LogKept(completions, path);
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            why = $": {exception.Message}";
        }

        LogLost(completions, left.Min(row => row.Key.Day), left.Max(row => row.Key.Day), why);
    }

    private async Task WriteAsync(DateOnly day, IReadOnlyCollection<KeyValuePair<UsageKey, UsageCounters>> rows)
    {
        await _store.AddUsageAsync(day, rows, Today.AddDays(-DaysKept));
        foreach (var (key, written) in rows)
            _lines[key].Add(default(UsageCounters) - written);
    }

    [LoggerMessage(12, LogLevel.Warning, "Usage is not written yet, and is kept in memory: {Why}")]
    private partial void LogNotWritten(string why);

    [LoggerMessage(
        13, LogLevel.Warning, "Usage of {Completions} completions could not be stored; the next start stores it from {Path}")]
    private partial void LogKept(long completions, string path);

    [LoggerMessage(
        14, LogLevel.Error, "Usage of {Completions} completions from {First} to {Last} could not be stored, and is lost{Why}")]
    private partial void LogLost(long completions, DateOnly first, DateOnly last, string why);

    private sealed class Line
    {
        private readonly Lock _gate = new();
        private UsageCounters _counted;

        public UsageCounters Counted
        {
            get
            {
                lock (_gate)
                    return _counted;
            }
        }

        public void Add(UsageCounters more)
        {
            lock (_gate)
                _counted += more;
        }
    }
}
