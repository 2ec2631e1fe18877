using System.Collections.Immutable;
using System.Text.Json;

namespace ClawGrpc.Core.Pricing;

/// <summary>Prices by model, as they were on a day.</summary>
/// <param name="Date">The day, such as <c>2026-11-20</c>.</param>
/// <param name="Models">By the model's id as upstream knows it.</param>
internal sealed record PriceTable(string Date, ImmutableDictionary<string, ModelPrice> Models)
{
    /// <summary>Reads a table: a date, and by model US dollars per million tokens.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="KeyNotFoundException">A price is missing.</exception>
    public static PriceTable Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var date = document.RootElement.GetProperty("date").GetString()!;
        return new PriceTable(date, document.RootElement.GetProperty("models").EnumerateObject()
            .ToImmutableDictionary(model => model.Name, model => Read(model.Value, date)));
    }

    private static ModelPrice Read(JsonElement row, string date) =>
        new(date, PerToken(row, "input")!.Value, PerToken(row, "output")!.Value)
        {
            CacheWrite5m = PerToken(row, "cacheWrite5m")!.Value,
            CacheWrite1h = PerToken(row, "cacheWrite1h")!.Value,
            CacheRead = PerToken(row, "cacheRead"),
            LongPrompt = row.TryGetProperty("longPrompt", out var longer) ? longer.GetProperty("aboveTokens").GetInt64() : null,
            Long = row.TryGetProperty("longPrompt", out longer) ? Read(longer, date) : null,
            Fast = row.TryGetProperty("fast", out var fast) ? Read(fast, date) : null,
        };

    private static long? PerToken(JsonElement row, string name) =>
        row.TryGetProperty(name, out var price) ? ModelPrice.PerToken(price.GetDecimal()) : null;
}

/// <summary>The prices that hold: the configuration's, and for models it does not price, the table's.</summary>
/// <param name="configured">By the model's id, as configured.</param>
internal sealed class Prices(PriceTable table, ImmutableDictionary<string, ModelPrice> configured)
{
    private const int DateLength = 8;

    /// <summary>The price of a model; null if it has none, and none is guessed from its name.</summary>
    /// <param name="model">The model that served, as upstream names it.</param>
    /// <param name="asked">The model that was asked for: upstream may name its dated snapshot.</param>
    public ModelPrice? Find(string model, string asked) =>
        configured.GetValueOrDefault(model)
        ?? (IsSnapshot(model, asked) ? configured.GetValueOrDefault(asked) : null)
        ?? table.Models.GetValueOrDefault(model);

    /// <summary>
    /// Whether a model is the dated snapshot of another name: <c>claude-opus-4-5-20251101</c> of <c>claude-opus-4-5</c>.
    /// </summary>
    /// <param name="model">The one with the date.</param>
    /// <param name="asked">The one without.</param>
    public static bool IsSnapshot(string model, string asked) => model.Length == asked.Length + 1 + DateLength
        && model.StartsWith(asked, StringComparison.Ordinal) && model[asked.Length] == '-'
        && model[^DateLength..].All(char.IsAsciiDigit);
}
