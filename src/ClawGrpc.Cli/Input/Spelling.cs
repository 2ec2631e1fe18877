namespace ClawGrpc.Cli.Input;

/// <summary>Suggestions for a mistyped word, as in commander, the parser of OpenClaw's command lines.</summary>
internal static class Spelling
{
    private const int Farthest = 3;
    private const double LeastLike = 0.4;

    /// <summary>A line break and a line with the nearest words; empty if no word is near.</summary>
    /// <param name="word">The mistyped word; an option with its dashes.</param>
    /// <param name="known">The valid words; options with their dashes.</param>
    public static string Suggestion(string word, IEnumerable<string> known)
    {
        var dashes = word.StartsWith("--", StringComparison.Ordinal) ? 2 : 0;
        var nearest = known.Distinct().Where(candidate => candidate.Length > dashes + 1)
            .Select(candidate => (
                Candidate: candidate,
                Distance: Distance(word.AsSpan(dashes), candidate.AsSpan(dashes)),
                Length: Math.Max(word.Length, candidate.Length) - dashes))
            .Where(entry => entry.Distance <= Farthest && entry.Length - entry.Distance > LeastLike * entry.Length)
            .GroupBy(entry => entry.Distance, entry => entry.Candidate)
            .MinBy(group => group.Key)?.Order(StringComparer.Ordinal).ToList();
        return nearest switch
        {
            null => "",
            [var only] => $"\n(Did you mean {only}?)",
            _ => $"\n(Did you mean one of {string.Join(", ", nearest)}?)",
        };
    }

    // Damerau-Levenshtein: insertions, deletions, substitutions and transpositions of neighbours.
    private static int Distance(ReadOnlySpan<char> one, ReadOnlySpan<char> other)
    {
        var rows = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= other.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= one.Length; i++)
        {
            for (var j = 1; j <= other.Length; j++)
            {
                var isSame = one[i - 1] == other[j - 1];
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + (isSame ? 0 : 1));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[one.Length, other.Length];
    }
}
