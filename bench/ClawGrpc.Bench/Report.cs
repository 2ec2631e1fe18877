using System.Globalization;
using System.Runtime.InteropServices;

namespace ClawGrpc.Bench;

/// <summary>The table.</summary>
internal static class Report
{
    private const double Mega = 1024 * 1024;

    /// <param name="to">Where it goes.</param>
    /// <param name="comparisons">With nginx.</param>
    /// <param name="withToken">A unary completion with a token, compared with one over the owner's socket.</param>
    /// <param name="withPostgres">One of a server whose state is in PostgreSQL, compared with one of files.</param>
    /// <param name="clawGrpcResident">Bytes.</param>
    /// <param name="nginxResident">Bytes.</param>
    public static void Print(
        TextWriter to, IReadOnlyList<Comparison> comparisons, Comparison withToken, Comparison withPostgres,
        long clawGrpcResident, long nginxResident)
    {
        Line($"CPU of the gateway's process, user and system; medians of {comparisons[0].Rounds.Count} rounds in turns");
        Line($"{"",-24}{"clawgrpc",12}{"nginx",12}{"ratio",10}{"(rounds)",15}{"allocated",14}");
        foreach (var each in comparisons)
        {
            var rounds = string.Create(CultureInfo.InvariantCulture, $"({each.LeastRatio:0.00}-{each.GreatestRatio:0.00})");
            Line($"{each.Workload.Unit,-24}{Time(each.ClawGrpc),12}{Time(each.Nginx),12}"
                + $"{each.Ratio,10:0.00}{rounds,15}{each.Bytes,12:N0} B");
        }

        Line($"unary completion with a token: {Time(withToken.ClawGrpc)}; without one, as the socket's owner: {Than(withToken)}");
        Line($"unary completion, state in PostgreSQL: {Time(withPostgres.ClawGrpc)}; in files: {Than(withPostgres)}");
        Line($"{"resident memory",-24}{Size(clawGrpcResident),12}{Size(nginxResident),12}");
        Line($"{comparisons.Sum(each => each.Completions):N0} answers, every one right; {Environment.ProcessorCount} cores, "
            + $"{RuntimeInformation.FrameworkDescription}");
        Line($"still compiled during the rounds: {comparisons.Sum(each => each.CompiledMethods):N0} methods of clawgrpc, "
            + "at its expense");

        void Line(string text) => to.WriteLine(text);
    }

    private static string Than(Comparison each) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Time(each.Nginx)}; ratio {each.Ratio:0.00} ({each.LeastRatio:0.00}-{each.GreatestRatio:0.00})");

    private static string Time(double microseconds) => string.Create(CultureInfo.InvariantCulture, $"{microseconds:0.00} µs");

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / Mega:0} MB");
}
