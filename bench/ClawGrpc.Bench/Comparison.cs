namespace ClawGrpc.Bench;

/// <summary>
/// The rounds of one workload. Each round of clawgrpc has one of nginx right behind it; how far the ratios of these pairs lie
/// apart tells how quiet the machine was.
/// </summary>
internal sealed record Comparison(Workload Workload, IReadOnlyList<(Sample ClawGrpc, Sample Nginx)> Rounds)
{
    public double ClawGrpc => Median(Rounds.Select(round => round.ClawGrpc.MicrosecondsPerUnit));

    public double Nginx => Median(Rounds.Select(round => round.Nginx.MicrosecondsPerUnit));

    public double Ratio => ClawGrpc / Nginx;

    public double LeastRatio => Ratios.Min();

    public double GreatestRatio => Ratios.Max();

    public double Bytes => Median(Rounds.Select(round => round.ClawGrpc.BytesPerUnit));

    public int Completions => Rounds.Sum(round => round.ClawGrpc.Completions + round.Nginx.Completions);

    public int CompiledMethods => Rounds.Sum(round => round.ClawGrpc.CompiledMethods);

    private IEnumerable<double> Ratios =>
        Rounds.Select(round => round.ClawGrpc.MicrosecondsPerUnit / round.Nginx.MicrosecondsPerUnit);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
