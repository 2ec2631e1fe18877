using System.Collections.Concurrent;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Monitoring;

/// <summary>Usage of one agent since the server started, as a whole and by profile.</summary>
internal sealed class UsageLedger
{
    private readonly ConcurrentDictionary<string, Line> _profiles = new();
    private readonly Line _all = new();

    public void Add(string profileId, Usage? usage)
    {
        _all.Add(usage);
        _profiles.GetOrAdd(profileId, static _ => new Line()).Add(usage);
    }

    public UsageSummary Total() => _all.Summary();

    public UsageSummary? OfProfile(string profileId) => _profiles.TryGetValue(profileId, out var line) ? line.Summary() : null;

    private sealed class Line
    {
        private readonly Lock _gate = new();
        private readonly UsageSummary _sum = new() { Usage = new Usage() };

        public void Add(Usage? usage)
        {
            lock (_gate)
            {
                _sum.Completions++;
                if (usage is null)
                    return;
                _sum.Usage.InputTokens += usage.InputTokens;
                _sum.Usage.OutputTokens += usage.OutputTokens;
                _sum.Usage.CacheCreationInputTokens += usage.CacheCreationInputTokens;
                _sum.Usage.CacheReadInputTokens += usage.CacheReadInputTokens;
                _sum.Usage.CacheCreation5MInputTokens += usage.CacheCreation5MInputTokens;
                _sum.Usage.CacheCreation1HInputTokens += usage.CacheCreation1HInputTokens;
            }
        }

        public UsageSummary Summary()
        {
            lock (_gate)
                return _sum.Clone();
        }
    }
}
