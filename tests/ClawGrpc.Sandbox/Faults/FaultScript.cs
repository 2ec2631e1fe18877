namespace ClawGrpc.Testing;

/// <summary>
/// The faults still to come. A request takes the first that holds for it and is not spent; none composes with another.
/// </summary>
internal sealed class FaultScript
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];

    public void Add(IEnumerable<Fault> faults)
    {
        // All are checked before any is taken.
        var entries = faults.Select(fault => new Entry(Check(fault))).ToList();
        lock (_lock)
        {
            _entries.AddRange(entries);
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _entries.Clear();
        }
    }

    /// <summary>Faults that have requests left to take.</summary>
    public int Left
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count(entry => entry.Left > 0);
            }
        }
    }

    public Fault? Take(SeenRequest request)
    {
        lock (_lock)
        {
            Entry? taken = null;
            foreach (var entry in _entries)
            {
                if (!entry.Fault.Match.Holds(request))
                {
                    continue;
                }

                // Every entry counts what it holds for, also when an earlier one takes it, so that "nth" means what it says.
                entry.Seen++;
                if (entry.Left > 0 && (entry.Fault.Match.Nth ?? entry.Seen) == entry.Seen)
                {
                    taken ??= entry;
                }
            }

            if (taken is not null && taken.Left != Fault.Forever)
            {
                taken.Left--;
            }

            return taken?.Fault;
        }
    }

    private static Fault Check(Fault fault)
    {
        object?[] answers = [fault.Status, fault.Replay, fault.Drop ? "drop" : null, fault.StallBeforeHeaders ? "stall" : null];
        object?[] breaks = [fault.Cut, fault.End, fault.Stall, fault.Error, fault.Malformed];
        object?[] sources = fault.Replay is { } replay ? [replay.File, replay.Text, replay.Bytes] : ["none needed"];
        var isGood = Given(answers) <= 1 && Given(breaks) <= 1 && Given(sources) == 1 && fault.Times >= 1;
        if (fault.Replay?.File is { } file && !File.Exists(file))
        {
            throw new ArgumentException($"No file to replay: {file}");
        }

        return isGood
            ? fault
            : throw new ArgumentException(
                "A fault has at most one of status, replay, drop and stallBeforeHeaders; at most one of cut, end, stall, error "
                + "and malformed; a replay exactly one of file, text and bytes; times is at least 1.");
    }

    private static int Given(object?[] members) => members.Count(member => member is not null);

    private sealed class Entry(Fault fault)
    {
        public Fault Fault { get; } = fault;

        public int Left { get; set; } = fault.Times;

        public int Seen { get; set; }
    }
}
