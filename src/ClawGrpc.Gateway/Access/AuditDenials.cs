using ClawGrpc.Core.Access;

namespace ClawGrpc.Gateway.Access;

/// <summary>
/// Lines that anybody can cause: the first of a kind is written at once, repeats of the same peer and reason are counted and
/// become one line after a second; after longer, up to a minute, while they go on. Kinds beyond a few count as one.
/// </summary>
internal sealed class AuditDenials : IAsyncDisposable
{
    private const int MostKinds = 16;
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly (string Peer, string Reason) Others = ("", "");

    private readonly Dictionary<(string Peer, string Reason), Repeats> _kinds = [];
    private readonly Action<AuditEntry> _write;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private TimeSpan _window = Shortest;

    public AuditDenials(TimeProvider time, Action<AuditEntry> write)
    {
        (_time, _write) = (time, write);
        _timer = time.CreateTimer(_ => EndWindow(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Notes one.</summary>
    /// <param name="peer">Who caused it: a client or an address.</param>
    /// <param name="entry">Its line.</param>
    public void Note(string peer, AuditEntry entry)
    {
        lock (_gate)
        {
            var kind = (peer, entry.Reason);
            if (!_kinds.ContainsKey(kind) && _kinds.Count >= MostKinds)
                (kind, entry) = (Others, new AuditEntry(entry.Event, entry.Time, new AuditActor(null, null, null)));
            if (_kinds.TryGetValue(kind, out var known))
            {
                known.Count++;
                return;
            }

            _kinds[kind] = new Repeats(entry);
            if (_kinds.Count == 1)
                _timer.Change(_window, Timeout.InfiniteTimeSpan);
        }

        _write(entry);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        EndWindow();
    }

    private void EndWindow()
    {
        List<AuditEntry> repeated = [];
        lock (_gate)
        {
            foreach (var (kind, repeats) in _kinds.ToList())
            {
                if (repeats.Count == 0)
                    _kinds.Remove(kind);
                else
                    repeated.Add(repeats.Entry with { Time = _time.GetUtcNow(), Count = repeats.Count });
                repeats.Count = 0;
            }

            _window = repeated.Count == 0 ? Shortest : _window * 2 < Longest ? _window * 2 : Longest;
            if (_kinds.Count > 0)
                _timer.Change(_window, Timeout.InfiniteTimeSpan);
        }

        repeated.ForEach(_write);
    }

    private sealed class Repeats(AuditEntry entry)
    {
        public AuditEntry Entry => entry;

        public long Count { get; set; }
    }
}
