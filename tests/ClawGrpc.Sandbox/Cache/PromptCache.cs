using System.Security.Cryptography;
using System.Text;

namespace ClawGrpc.Testing;

/// <summary>
/// The prompt cache (anthropic-api.md 1.4), one for each organization, workspace and model. Writes happen at breakpoints and
/// can be read
/// once an answer has begun; a read finds the longest prefix among the 20 positions up to each breakpoint, and renews it.
/// </summary>
internal sealed class PromptCache(TimeProvider clock)
{
    private const int Lookback = 20;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>What the prompt costs, and what is to be kept of it when its answer begins.</summary>
    /// <param name="domain">Organization, workspace and model: what an entry belongs to.</param>
    /// <param name="blocks">The whole prompt.</param>
    /// <param name="minimum">Shortest prefix that is cached, in tokens.</param>
    public (InputUsage Usage, Action Keep) Look(string domain, IReadOnlyList<PromptBlock> blocks, int minimum)
    {
        var prefixes = Prefixes(domain, blocks);
        var breakpoints = Enumerable.Range(0, blocks.Count)
            .Where(i => blocks[i].Ttl is not null && prefixes[i].Tokens >= minimum)
            .ToList();
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            var hit = LongestHit(prefixes, breakpoints, now);
            var usage = Bill(blocks, prefixes, breakpoints, hit);
            return (usage, () => Keep(blocks, prefixes, breakpoints, hit));
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _entries.Clear();
        }
    }

    // A, B and C of the rule for mixed ttl: the hit, the last 1h breakpoint after it, the last breakpoint.
    private static InputUsage Bill(IReadOnlyList<PromptBlock> blocks, Prefix[] prefixes, List<int> breakpoints, int hit)
    {
        var a = hit < 0 ? 0 : prefixes[hit].Tokens;
        var hour = breakpoints.LastOrDefault(i => blocks[i].Ttl == CacheTtl.OneHour, -1);
        var last = breakpoints.LastOrDefault(-1);
        var b = hour > hit ? prefixes[hour].Tokens : a;
        var c = last > hit ? Math.Max(b, prefixes[last].Tokens) : b;
        return new(Input: Prompt.CountTokens(blocks) - c, Write5m: c - b, Write1h: b - a, Read: a);
    }

    private int LongestHit(Prefix[] prefixes, List<int> breakpoints, DateTimeOffset now) => breakpoints
        .SelectMany(at => Enumerable.Range(Math.Max(0, at - Lookback + 1), Math.Min(Lookback, at + 1)))
        .Where(at => _entries.TryGetValue(prefixes[at].Hash, out var entry) && entry.Expires > now)
        .DefaultIfEmpty(-1)
        .Max();

    private void Keep(IReadOnlyList<PromptBlock> blocks, Prefix[] prefixes, List<int> breakpoints, int hit)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            foreach (var at in hit < 0 ? breakpoints : [hit, .. breakpoints])
            {
                var hash = prefixes[at].Hash;
                var isAlive = _entries.TryGetValue(hash, out var entry) && entry.Expires > now;
                // A read renews an entry for the life it was written with, whatever the reader asks for.
                var life = isAlive ? entry.Life : LifeOf(blocks[at].Ttl);
                _entries[hash] = new(life, now + life);
            }
        }
    }

    private static TimeSpan LifeOf(CacheTtl? ttl) => ttl == CacheTtl.OneHour ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(5);

    private static Prefix[] Prefixes(string domain, IReadOnlyList<PromptBlock> blocks)
    {
        var prefixes = new Prefix[blocks.Count];
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(domain));
        var tokens = 0;
        for (var i = 0; i < blocks.Count; i++)
        {
            hash = SHA256.HashData([.. hash, .. SHA256.HashData(blocks[i].Canonical)]);
            tokens += blocks[i].Tokens;
            prefixes[i] = new(Convert.ToHexString(hash), tokens);
        }

        return prefixes;
    }

    private readonly record struct Prefix(string Hash, int Tokens);

    private readonly record struct Entry(TimeSpan Life, DateTimeOffset Expires);
}
