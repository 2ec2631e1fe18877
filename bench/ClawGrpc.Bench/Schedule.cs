namespace ClawGrpc.Bench;

/// <summary>How long everything takes.</summary>
/// <param name="LongestWarmUp">Before the first round of a workload, for each gateway; mostly shorter.</param>
/// <param name="Round">One round of one gateway; calls that are under way at its end are waited for.</param>
/// <param name="Rounds">Rounds of each gateway, in turns.</param>
internal sealed record Schedule(TimeSpan LongestWarmUp, TimeSpan Round, int Rounds)
{
    public static readonly Schedule Usual = new(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(1), Rounds: 7);

    /// <summary>
    /// Shows that all of it works; the runtime of clawgrpc is still compiling then, so the numbers are too high.
    /// </summary>
    public static readonly Schedule Quick = new(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(0.4), Rounds: 2);
}
