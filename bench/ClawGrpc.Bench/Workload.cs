namespace ClawGrpc.Bench;

/// <summary>What callers do to a gateway.</summary>
/// <param name="Unit">What its cost is told of: a completion, or an event of a stream.</param>
/// <param name="IsStream">Whether answers stream.</param>
/// <param name="Callers">So many calls are under way at any time.</param>
/// <param name="Deltas">Pieces of the answer's text.</param>
/// <param name="Rate">Pieces in a second; 0: all at once.</param>
/// <param name="Size">Characters of each piece.</param>
internal sealed record Workload(string Unit, bool IsStream, int Callers, int Deltas, int Rate, int Size)
{
    /// <summary>
    /// The calls and the time between them are those of a fleet at work, as far as two cores with everything on them allow.
    /// </summary>
    public static readonly IReadOnlyList<Workload> All =
    [
        new("unary completion", IsStream: false, Callers: 16, Deltas: 1, Rate: 0, Size: 400),
        new("event, in a burst", IsStream: true, Callers: 8, Deltas: 100, Rate: 0, Size: 16),
        // One event in a millisecond, each of another stream: none comes together with another one.
        new("event, paced", IsStream: true, Callers: 10, Deltas: 100, Rate: 100, Size: 16),
    ];

    /// <summary>Tells the sandbox what to answer, as its <c>--bench</c> reads it out of a prompt.</summary>
    public string Prompt => $"bench:{Deltas}:{Rate}:{Size}";

    /// <summary>The text of the answer.</summary>
    public string Text { get; } = new('x', Deltas * Size);

    /// <summary>When a caller begins: those of paced streams one after the other, within the time between two events.</summary>
    public TimeSpan StartOf(int caller) => Rate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1.0 / Rate) * caller / Callers;
}
