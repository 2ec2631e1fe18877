namespace ClawGrpc.Gateway.Status;

/// <summary>
/// Sorts names as OpenClaw does (<c>localeCompare</c>): punctuation before digits before letters. Case counts only if nothing
/// else differs, and then lower case is first. By hand since InvariantGlobalization leaves out the culture data.
/// </summary>
internal sealed class Alphabetical : IComparer<string>
{
    public static readonly Alphabetical Order = new();

    private const string Punctuation = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

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
        Punctuation.IndexOf(character, StringComparison.Ordinal) is >= 0 and var place
            ? place - Punctuation.Length
            : char.ToLowerInvariant(character);
}
