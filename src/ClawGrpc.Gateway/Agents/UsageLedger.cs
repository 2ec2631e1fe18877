using System.Collections.Concurrent;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Gateway.Agents;

/// <summary>What completions used and cost since the server started.</summary>
/// <param name="Completions">Answers that began, however they ended.</param>
/// <param name="UnpricedCompletions">Those of them of which some part has no price.</param>
/// <param name="Usage">Tokens; without raw JSON.</param>
/// <param name="Cost">Amounts; without a source.</param>
internal sealed record UsageSum(int Completions, int UnpricedCompletions, UsageCount Usage, Cost Cost)
{
    public static readonly UsageSum Zero = new(0, 0, new UsageCount(0, 0, 0, 0, null, null, default), new Cost());

    public UsageSum Plus(UsageCount? usage, Cost? cost, int completions) => new(
        Completions + completions,
        UnpricedCompletions + (cost?.Unpriced.Length > 0 ? completions : 0),
        usage is null ? Usage : Plus(Usage, usage),
        cost is null ? Cost : Cost.Plus(cost) with { Source = "" });

    private static UsageCount Plus(UsageCount sum, UsageCount usage) => new(
        sum.InputTokens + usage.InputTokens,
        sum.OutputTokens + usage.OutputTokens,
        sum.CacheCreationInputTokens + usage.CacheCreationInputTokens,
        sum.CacheReadInputTokens + usage.CacheReadInputTokens,
        (sum.CacheCreation5mInputTokens ?? 0) + (usage.CacheCreation5mInputTokens ?? 0),
        (sum.CacheCreation1hInputTokens ?? 0) + (usage.CacheCreation1hInputTokens ?? 0),
        default);
}

/// <summary>Usage and cost of one agent since the server started: as a whole, by profile and by model.</summary>
/// <param name="agentId">The agent.</param>
/// <param name="changed">Called after each change.</param>
/// <param name="book">Where usage is kept across restarts; null if it is not.</param>
internal sealed class UsageLedger(string agentId, Action changed, UsageBook? book = null)
{
    /// <summary>More lines of profiles, or of models, are not kept: the one that was used longest ago is forgotten.</summary>
    public const int MostLines = 200;

    private readonly ConcurrentDictionary<string, Line> _profiles = new();
    private readonly ConcurrentDictionary<string, Line> _models = new();
    private readonly Line _all = new();
    private long _uses;

    /// <summary>Counts an answer that has begun, however it ended.</summary>
    /// <param name="client">The client that called.</param>
    /// <param name="route">The route that served.</param>
    /// <param name="usage">Null if upstream counted nothing.</param>
    /// <param name="cost">Null likewise.</param>
    public void Add(string client, Route route, UsageCount? usage, Cost? cost) =>
        Add(client, route, usage, cost, completions: 1);

    /// <summary>Counts an attempt that was abandoned before its answer began, after upstream had read the prompt.</summary>
    public void AddAbandoned(string client, Route route, UsageCount usage, Cost cost) =>
        Add(client, route, usage, cost, completions: 0);

    public UsageSum Total() => _all.Sum;

    /// <summary>Null if the profile has served nothing.</summary>
    public UsageSum? OfProfile(string profileId) => _profiles.TryGetValue(profileId, out var line) ? line.Sum : null;

    /// <summary>Model (<c>provider/model</c>) and sum, by name.</summary>
    public IEnumerable<(string Model, UsageSum Sum)> ByModel() =>
        _models.OrderBy(model => model.Key, StringComparer.Ordinal).Select(model => (model.Key, model.Value.Sum));

    private void Add(string client, Route route, UsageCount? usage, Cost? cost, int completions)
    {
        book?.Add(client, agentId, route, usage, cost, completions);
        _all.Add(usage, cost, completions);
        LineOf(_profiles, route.ProfileId).Add(usage, cost, completions);
        LineOf(_models, route.ModelRef).Add(usage, cost, completions);
        changed();
    }

    private Line LineOf(ConcurrentDictionary<string, Line> lines, string name)
    {
        var line = lines.GetOrAdd(name, static _ => new Line());
        line.LastUse = Interlocked.Increment(ref _uses);
        if (lines.Count > MostLines)
            lines.TryRemove(lines.MinBy(each => each.Value.LastUse).Key, out _);
        return line;
    }

    private sealed class Line
    {
        private readonly Lock _gate = new();

        public UsageSum Sum { get; private set; } = UsageSum.Zero;

        /// <summary>Grows with each use of any line.</summary>
        public long LastUse { get; set; }

        public void Add(UsageCount? usage, Cost? cost, int completions)
        {
            lock (_gate)
                Sum = Sum.Plus(usage, cost, completions);
        }
    }
}
