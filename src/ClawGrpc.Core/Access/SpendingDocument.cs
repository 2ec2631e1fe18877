using System.Collections.Immutable;
using System.Globalization;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Core.Access;

/// <summary>The text of the file of what clients have spent.</summary>
internal static class SpendingDocument
{
    private const int Version = 1;

    /// <summary>Reads the text: by client; or what is wrong with it.</summary>
    public static (ImmutableDictionary<string, Spending>? Spent, StoreSyntaxError? Error) Read(string text)
    {
        if (JsonTreeParser.Parse(text, out var error) is not JsonObject root)
            return (null, error ?? new StoreSyntaxError(1, 1, "expected an object"));
        if (root["version"] is { } version && Number(version) != Version)
            return (null, StoreSyntaxError.At(text, version.Offset, $"expected the version {Version}"));
        var spent = ImmutableDictionary.CreateBuilder<string, Spending>(StringComparer.Ordinal);
        foreach (var (client, value) in root.ObjectOf("clients").Members)
        {
            if (value is not JsonObject entry || Number(entry["from"]) is not { } from || from > 253_402_300_799_999
                || Number(entry["nanoUsd"]) is not { } nanos || Number(entry["tokens"]) is not { } tokens)
            {
                return (null, StoreSyntaxError.At(text, value.Offset, "expected from, nanoUsd and tokens as whole numbers"));
            }

            spent[client] = new Spending(DateTimeOffset.FromUnixTimeMilliseconds(from), nanos, tokens);
        }

        return (spent.ToImmutable(), null);
    }

    public static string Write(ImmutableDictionary<string, Spending> spent)
    {
        var clients = spent.OrderBy(each => each.Key, StringComparer.Ordinal).Aggregate(
            JsonObject.Empty,
            (all, each) => all.With(each.Key, JsonObject.Empty
                .With("from", JsonTree.Of(each.Value.From.ToUnixTimeMilliseconds()))
                .With("nanoUsd", JsonTree.Of(each.Value.NanoUsd))
                .With("tokens", JsonTree.Of(each.Value.Tokens))));
        return $"{JsonTreeText.Of(JsonObject.Empty.With("version", JsonTree.Of(Version)).With("clients", clients))}\n";
    }

    // Amounts may have more digits than a double.
    private static long? Number(JsonTree? value) => value is JsonNumber { Text: var text }
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
