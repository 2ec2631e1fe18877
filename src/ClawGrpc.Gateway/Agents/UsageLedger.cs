using System.Collections.Concurrent;
using ClawGrpc.Core.Routing;
using ClawGrpc.V1;

namespace ClawGrpc.Gateway.Agents;

/// <summary>Usage and cost of one agent since the server started: as a whole, by profile and by model.</summary>
internal sealed class UsageLedger
{
    private readonly ConcurrentDictionary<string, Line> _profiles = new();
    private readonly ConcurrentDictionary<string, Line> _models = new();
    private readonly Line _all = new();

    /// <summary>Counts an answer that has begun, however it ended.</summary>
    /// <param name="route">What served.</param>
    /// <param name="usage">Null: upstream counted nothing.</param>
    /// <param name="cost">What that cost; null likewise.</param>
    public void Add(Route route, Usage? usage, Cost? cost) => Add(route, usage, cost, completions: 1);

    /// <summary>Counts an attempt that was given up before its answer had begun: upstream had read the prompt.</summary>
    /// <param name="route">What it ran on.</param>
    /// <param name="usage">What upstream counted until then.</param>
    /// <param name="cost">What that cost.</param>
    public void AddAbandoned(Route route, Usage usage, Cost cost) => Add(route, usage, cost, completions: 0);

    public UsageSummary Total() => _all.Summary();

    public UsageSummary? OfProfile(string profileId) => _profiles.TryGetValue(profileId, out var line) ? line.Summary() : null;

    /// <summary>By name.</summary>
    public IEnumerable<ModelUsage> ByModel() => _models.OrderBy(model => model.Key, StringComparer.Ordinal)
        .Select(model => new ModelUsage { Model = model.Key, Usage = model.Value.Summary() });

    private void Add(Route route, Usage? usage, Cost? cost, int completions)
    {
        _all.Add(usage, cost, completions);
        _profiles.GetOrAdd(route.ProfileId, static _ => new Line()).Add(usage, cost, completions);
        _models.GetOrAdd(route.ModelRef, static _ => new Line()).Add(usage, cost, completions);
    }

    private sealed class Line
    {
        private readonly Lock _gate = new();
        private readonly UsageSummary _sum = new() { Usage = new Usage(), Cost = new Cost() };

        public void Add(Usage? usage, Cost? cost, int completions)
        {
            lock (_gate)
            {
                _sum.Completions += completions;
                if (usage is not null)
                    Add(_sum.Usage, usage);
                if (cost is not null)
                    Add(_sum.Cost, cost);
                if (cost?.Unpriced.Length > 0)
                    _sum.UnpricedCompletions += completions;
            }
        }

        public UsageSummary Summary()
        {
            lock (_gate)
                return _sum.Clone();
        }

        private static void Add(Usage sum, Usage usage)
        {
            sum.InputTokens += usage.InputTokens;
            sum.OutputTokens += usage.OutputTokens;
            sum.CacheCreationInputTokens += usage.CacheCreationInputTokens;
            sum.CacheReadInputTokens += usage.CacheReadInputTokens;
            sum.CacheCreation5MInputTokens += usage.CacheCreation5MInputTokens;
            sum.CacheCreation1HInputTokens += usage.CacheCreation1HInputTokens;
        }

        private static void Add(Cost sum, Cost cost)
        {
            sum.TotalNanoUsd += cost.TotalNanoUsd;
            sum.InputNanoUsd += cost.InputNanoUsd;
            sum.OutputNanoUsd += cost.OutputNanoUsd;
            sum.CacheWrite5MNanoUsd += cost.CacheWrite5MNanoUsd;
            sum.CacheWrite1HNanoUsd += cost.CacheWrite1HNanoUsd;
            sum.CacheReadNanoUsd += cost.CacheReadNanoUsd;
            sum.CacheSavedNanoUsd += cost.CacheSavedNanoUsd;
        }
    }
}
