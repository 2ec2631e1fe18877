namespace ClawGrpc.Gateway.Status;

/// <summary>
/// Names as people and the programs sort them (their <c>localeCompare</c>): signs before digits before letters, whose case counts only
/// where nothing else differs, and then the small one is first. The service runs without the tables of languages.
/// </summary>
internal sealed class Alphabetical : IComparer<string>
{
    public static readonly Alphabetical Order = new();

    private const string Signs = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

    public int Compare(string? x, string? y)
    {
        var (one, other) = (x ?? "", y ?? "");
        for (var at = 0; at < Math.Min(one.Length, other.Length); at++)
        {
            var difference = RankOf(one[at]) - RankOf(other[at]);
            if (difference != 0)
                return difference;
        }

        return one.Length != other.Length ? one.Length - other.Length : -string.CompareOrdinal(one, other);
    }

    private static int RankOf(char character) =>
        Signs.IndexOf(character, StringComparison.Ordinal) is >= 0 and var place ? place - Signs.Length : char.ToLowerInvariant(character);
}
