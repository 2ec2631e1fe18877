namespace ClawGrpc.Testing;

/// <summary>The models that exist, newest first.</summary>
internal sealed class ModelTable(IReadOnlyList<string> extra)
{
    private const int Long = 1_000_000;
    private const int Short = 200_000;

    // The minimum of the 5.1, 5.2 and 5.5 models is published nowhere; theirs here are those of their line before. Of the days
    // only those in an id or from an announcement (2026-09 and later) are true; the others keep the order.
    private static readonly ModelEntry[] BuiltIn =
    [
        new("claude-fable-5-2", "Claude Fable 5.2", "2026-11-09", "fable", Long, 128_000, 512) { AlwaysThinks = true },
        new("claude-mythos-5-2", "Claude Mythos 5.2", "2026-11-09", "mythos", Long, 128_000, 512),
        new("claude-haiku-5-5", "Claude Haiku 5.5", "2026-10-07", "haiku", Long, 128_000, 4096),
        new("claude-sonnet-5-5", "Claude Sonnet 5.5", "2026-09-28", "sonnet", Long, 128_000, 1024),
        new("claude-opus-5-5", "Claude Opus 5.5", "2026-09-22", "opus", Long, 128_000, 512) { AlwaysThinks = true },
        new("claude-fable-5-1", "Claude Fable 5.1", "2026-09-01", "fable", Long, 128_000, 512) { AlwaysThinks = true },
        new("claude-mythos-5-1", "Claude Mythos 5.1", "2026-09-01", "mythos", Long, 128_000, 512),
        new("claude-fable-5", "Claude Fable 5", "2026-07-01", "fable", Long, 128_000, 512) { AlwaysThinks = true },
        new("claude-mythos-5", "Claude Mythos 5", "2026-07-01", "mythos", Long, 128_000, 512),
        new("claude-sonnet-5", "Claude Sonnet 5", "2026-06-01", "sonnet", Long, 128_000, 1024),
        new("claude-opus-5", "Claude Opus 5", "2026-06-01", "opus", Long, 128_000, 512),
        new("claude-opus-4-8", "Claude Opus 4.8", "2026-05-01", "opus", Long, 128_000, 1024),
        new("claude-opus-4-7", "Claude Opus 4.7", "2026-04-01", "opus", Long, 128_000, 2048),
        new("claude-mythos-preview", "Claude Mythos Preview", "2026-04-01", "mythos", Long, 128_000, 2048),
        new("claude-sonnet-4-6", "Claude Sonnet 4.6", "2026-02-17", "sonnet", Long, 128_000, 1024) { Age = ModelAge.UpTo46 },
        new("claude-opus-4-6", "Claude Opus 4.6", "2026-02-05", "opus", Long, 128_000, 4096) { Age = ModelAge.UpTo46 },
        new("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-01", "opus", Short, 64_000, 4096) { Age = ModelAge.UpTo45 },
        new("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-01", "haiku", Short, 64_000,
            4096) { Age = ModelAge.UpTo45 },
        new("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29", "sonnet", Short, 64_000, 1024)
        {
            Age = ModelAge.UpTo45,
        },
    ];

    public IReadOnlyList<ModelEntry> All { get; } =
    [
        .. extra.Select(id => new ModelEntry(id, id, "2026-01-01", null, Long, 128_000, 1024) { Age = ModelAge.UpTo45 }),
        .. BuiltIn,
    ];

    /// <summary>
    /// The model of that id; up to 4.5 an id without its date is an alias of the dated one. Null when there is none.
    /// </summary>
    public ModelEntry? Find(string id) =>
        All.FirstOrDefault(model => model.Id == id) ?? All.FirstOrDefault(model => IsDated(model.Id) && model.Id[..^9] == id);

    private static bool IsDated(string id) =>
        id.Length > 9 && id[^9] == '-' && id.AsSpan(^8).IndexOfAnyExceptInRange('0', '9') < 0;
}
