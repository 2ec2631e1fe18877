using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Cuts an error to what arrives. Clients of gRPC take 8 kB of metadata unless told otherwise, trailers included, and lose the
/// whole error when there is more; upstream and callers may say anything of any length.
/// </summary>
internal static class MetadataBudget
{
    private const string Ellipsis = "…";

    // The message goes out twice, escaped and in the details; the receipt gets what is left.
    private const int MessageCost = 1200;
    private const int FactCost = 200;
    private const int FieldsCost = 1200;
    private const int ReceiptBytes = 3000;
    private static readonly int[] LongestAttemptTexts = [600, 150, 40, 0];

    public static string Message(string text) => Text(text, MessageCost);

    public static string Fact(string text) => Text(text, FactCost);

    /// <summary>As many of the fields as fit, the first ones.</summary>
    public static IEnumerable<FieldError> Fields(IEnumerable<FieldError> fields)
    {
        var left = FieldsCost;
        foreach (var (field, description) in fields)
        {
            var fitting = new FieldError(Text(field, FactCost), Text(description, FactCost));
            left -= Encoding.UTF8.GetByteCount(fitting.Path) + Encoding.UTF8.GetByteCount(fitting.Description);
            if (left < 0)
                yield break;
            yield return fitting;
        }
    }

    /// <summary>
    /// The receipt, with what is said of its attempts cut as far as needed; of very many attempts, the last ones.
    /// </summary>
    public static Receipt Receipt(Receipt whole)
    {
        var fitting = whole;
        foreach (var longest in LongestAttemptTexts.SkipWhile(_ => fitting.CalculateSize() <= ReceiptBytes))
        {
            fitting = whole.Clone();
            foreach (var attempt in fitting.Attempts)
                Cut(attempt, longest);
            if (fitting.CalculateSize() <= ReceiptBytes)
                break;
        }

        while (fitting.CalculateSize() > ReceiptBytes && fitting.Attempts.Count > 1)
            fitting.Attempts.RemoveAt(0);
        return fitting;
    }

    // All that is upstream's to say.
    private static void Cut(Attempt attempt, int longest)
    {
        attempt.Message = Text(attempt.Message, longest);
        attempt.ErrorType = Text(attempt.ErrorType, Math.Min(longest, FactCost));
        attempt.ErrorCode = Text(attempt.ErrorCode, Math.Min(longest, FactCost));
        attempt.Claim = Text(attempt.Claim, Math.Min(longest, FactCost));
        attempt.RequestId = Text(attempt.RequestId, Math.Min(longest, FactCost));
    }

    // A character costs what it takes in a header, where all but printable ASCII is escaped byte by byte.
    private static string Text(string text, int most)
    {
        var (cost, length) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            cost += rune.Value is >= ' ' and <= '~' and not '%' ? 1 : 3 * rune.Utf8SequenceLength;
            if (cost > most)
                return text[..length] + (most > 0 ? Ellipsis : "");
            length += rune.Utf16SequenceLength;
        }

        return text;
    }
}
