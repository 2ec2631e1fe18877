namespace ClawGrpc.Testing;

/// <summary>How often the counted proofs run: a few times with all the other tests, in full for <c>make proof</c>.</summary>
internal static class Runs
{
    public static bool InFull { get; } = Environment.GetEnvironmentVariable("PROOF") == "full";

    public static int Of(int few, int full) => InFull ? full : few;
}
