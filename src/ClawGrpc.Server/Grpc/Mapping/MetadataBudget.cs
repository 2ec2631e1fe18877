using System.Text;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// Cuts an error to what arrives. Clients of gRPC take 8 kB of metadata unless told otherwise, trailers included, and lose the
/// whole error when there is more; upstream and callers may say anything of any length.
/// </summary>
internal static class MetadataBudget
{
    private const string Ellipsis = "…";

    // What clients take, without the headers that the framework adds.
    private const int Most = (8 * 1024) - 512;

    // The message goes out twice, escaped and in the details.
    private const int MessageCost = 1200;
    private const int FactCost = 200;
    private const int FactsCost = 1500;
    private const int FieldsCost = 1200;
    private const int MostAttempts = 8;
    private static readonly int[] LongestTexts = [600, 150, 40, 0];

    public static string Message(string text) => Text(text, MessageCost);

    /// <summary>All of the facts, with long values cut.</summary>
    public static IEnumerable<(string Name, string Value)> Facts(IEnumerable<KeyValuePair<string, string>> facts)
    {
        var left = FactsCost;
        foreach (var (name, value) in facts.OrderBy(fact => fact.Value.Length))
        {
            var fitting = Text(value, Math.Min(FactCost, left));
            left = Math.Max(0, left - Encoding.UTF8.GetByteCount(fitting));
            yield return (name, fitting);
        }
    }

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
    /// The receipt as far as it fits behind a status: long texts are cut, and of very many attempts the last ones are kept. Null
    /// if there is no room for any.
    /// </summary>
    /// <param name="whole">The receipt.</param>
    /// <param name="status">The status, as its trailer has it.</param>
    public static Receipt? Receipt(Receipt whole, Google.Rpc.Status status)
    {
        // Trailers of bytes are written in base64.
        var most = ((Most - MessageCost) * 3 / 4) - status.CalculateSize();
        var fitting = whole;
        foreach (var longest in LongestTexts.SkipWhile(_ => fitting.CalculateSize() <= most))
        {
            fitting = whole.Clone();
            Cut(fitting, longest);
            while (fitting.CalculateSize() > most && fitting.Attempts.Count > MostAttempts)
                fitting.Attempts.RemoveAt(0);
            if (fitting.CalculateSize() <= most)
                return fitting;
        }

        if (fitting.CalculateSize() <= most)
            return fitting;
        (fitting.Sent, fitting.Cache) = (null, null);
        while (fitting.CalculateSize() > most && fitting.Attempts.Count > 1)
            fitting.Attempts.RemoveAt(0);
        return fitting.CalculateSize() <= most ? fitting : null;
    }

    // Every text in the message and below, whoever said it.
    private static void Cut(IMessage message, int longest)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            switch (field.Accessor.GetValue(message))
            {
                case string text when text.Length > 0:
                    field.Accessor.SetValue(message, Text(text, longest));
                    break;
                case IMessage inner:
                    Cut(inner, longest);
                    break;
                case IList<string> texts:
                    for (var index = 0; index < texts.Count; index++)
                        texts[index] = Text(texts[index], longest);
                    break;
                case IEnumerable<IMessage> list:
                    foreach (var each in list)
                        Cut(each, longest);
                    break;
            }
        }
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
