namespace ClawGrpc.Bench;

/// <summary>The rounds of one workload. Each round of clawgrpc stands against the one of nginx right behind it: what else the machine does then is about the same.</summary>
internal sealed record Comparison(Workload Workload, IReadOnlyList<(Sample ClawGrpc, Sample Nginx)> Rounds)
{
    public double ClawGrpc => Median(Rounds.Select(round => round.ClawGrpc.MicrosecondsPerUnit));

    public double Nginx => Median(Rounds.Select(round => round.Nginx.MicrosecondsPerUnit));

    public double Ratio => Median(Ratios);

    public double LeastRatio => Ratios.Min();

    public double GreatestRatio => Ratios.Max();

    public double Bytes => Median(Rounds.Select(round => round.ClawGrpc.BytesPerUnit));

    public int Completions => Rounds.Sum(round => round.ClawGrpc.Completions + round.Nginx.Completions);

    private IEnumerable<double> Ratios => Rounds.Select(round => round.ClawGrpc.MicrosecondsPerUnit / round.Nginx.MicrosecondsPerUnit);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
