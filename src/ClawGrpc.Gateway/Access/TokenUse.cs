using System.Collections.Concurrent;
using System.Collections.Immutable;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Gateway.Access;

/// <summary>When tokens were last used, to about five minutes: written in batches, so that no call waits for it.</summary>
internal sealed class TokenUse : IAsyncDisposable
{
    private static readonly TimeSpan Coarse = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _noted = new(StringComparer.Ordinal);
    private readonly Func<ImmutableDictionary<string, DateTimeOffset>, Task> _write;
    private readonly ITimer _timer;
    private ImmutableDictionary<string, DateTimeOffset> _unwritten = ImmutableDictionary<string, DateTimeOffset>.Empty;

    public TokenUse(TimeProvider time, Func<ImmutableDictionary<string, DateTimeOffset>, Task> write)
    {
        _write = write;
        _timer = time.CreateTimer(_ => _ = WriteAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Note(ClientToken token, DateTimeOffset now)
    {
        if (_noted.TryGetValue(token.Id, out var last) ? now - last < Coarse : now - token.LastUsed < Coarse)
            return;
        _noted[token.Id] = now;
        ImmutableInterlocked.Update(ref _unwritten, (all, use) => all.SetItem(use.Id, use.Now), (token.Id, Now: now));
        if (_unwritten.Count == 1)
            _timer.Change(Coarse, Timeout.InfiniteTimeSpan);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await WriteAsync();
    }

    private Task WriteAsync()
    {
        var unwritten = Interlocked.Exchange(ref _unwritten, ImmutableDictionary<string, DateTimeOffset>.Empty);
        return unwritten.IsEmpty ? Task.CompletedTask : _write(unwritten);
    }
}
