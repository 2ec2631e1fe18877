using System.Collections.Immutable;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// The <c>params</c> of a model or an agent (openclaw-spec.md, section 2.2). OpenClaw ignores values that it does not
/// understand; so does ClawGrpc, with a warning.
/// </summary>
internal sealed record ModelParameters
{
    /// <summary>Nothing said.</summary>
    public static readonly ModelParameters None = new();

    /// <summary>
    /// <c>cacheRetention</c>, or else <c>cacheControlTtl</c>: <c>5m</c> is short, <c>1h</c> is long; null if not set.
    /// </summary>
    public Retention? Retention { get; init; }

    /// <summary>
    /// Whether retention holds for subscription credentials too (<c>cacheOnSubscription</c>; section 0); null if not set.
    /// </summary>
    public bool? CacheOnSubscription { get; init; }

    /// <summary><c>temperature</c>; null if not set.</summary>
    public double? Temperature { get; init; }

    /// <summary><c>maxTokens</c> of an answer, from 1; null if not set.</summary>
    public int? MaxTokens { get; init; }

    /// <summary><c>anthropicBeta</c>: further values of the header <c>anthropic-beta</c>.</summary>
    public ImmutableArray<string> AnthropicBeta { get; init; } = [];

    /// <summary>All other parameters, variables not replaced.</summary>
    public ImmutableDictionary<string, Json5Value> Others { get; init; } = ImmutableDictionary<string, Json5Value>.Empty;

    /// <summary>These parameters, completed by the others.</summary>
    public ModelParameters Over(ModelParameters under)
    {
        return new ModelParameters
        {
            Retention = Retention ?? under.Retention,
            CacheOnSubscription = CacheOnSubscription ?? under.CacheOnSubscription,
            Temperature = Temperature ?? under.Temperature,
            MaxTokens = MaxTokens ?? under.MaxTokens,
            AnthropicBeta = AnthropicBeta.IsEmpty ? under.AnthropicBeta : AnthropicBeta,
            Others = under.Others.SetItems(Others),
        };
    }

    internal static ModelParameters Read(Field? parameters) => parameters?.Section("record") is { } fields ? Read(fields) : None;

    private static ModelParameters Read(Fields parameters) => parameters.All().Aggregate(
        None with { Retention = RetentionOf(parameters) },
        (read, parameter) => parameter.Name switch
        {
            "cacheRetention" or "cacheControlTtl" => read,
            "cacheOnSubscription" => read with { CacheOnSubscription = FlagOf(parameter.Field) },
            "temperature" => read with { Temperature = NumberOf(parameter.Field, number => number >= 0, "a number from 0") },
            "maxTokens" => read with { MaxTokens = (int?)NumberOf(parameter.Field, IsCount, "a number from 1") },
            "anthropicBeta" => read with { AnthropicBeta = BetasOf(parameter.Field) },
            _ => read with { Others = read.Others.SetItem(parameter.Name, parameter.Field.Value) },
        });

    private static bool IsCount(double number) => number is >= 1 and <= int.MaxValue;

    private static Retention? RetentionOf(Fields parameters)
    {
        var retention = Word(parameters.Find("cacheRetention"), "\"none\", \"short\", or \"long\"", "none", "short", "long");
        var ttl = Word(parameters.Find("cacheControlTtl"), "\"5m\" or \"1h\"", "5m", "1h");
        return (retention ?? ttl) switch
        {
            "none" => Core.Retention.None,
            "short" or "5m" => Core.Retention.Short,
            "long" or "1h" => Core.Retention.Long,
            _ => null,
        };
    }

    private static string? Word(Field? field, string expected, params ReadOnlySpan<string> words)
    {
        if (field is null)
            return null;
        var text = field.Value is Json5String ? field.Text() : "";
        if (text is null || words.Contains(text))
            return text;
        field.Warn($"Ignored: expected {expected}");
        return null;
    }

    private static bool? FlagOf(Field field)
    {
        if (field.Value is Json5Boolean { Value: var flag })
            return flag;
        field.Warn("Ignored: expected true or false");
        return null;
    }

    private static double? NumberOf(Field field, Func<double, bool> fits, string expected)
    {
        if (field.Value is Json5Number { Value: var number } && double.IsFinite(number) && fits(number))
            return number;
        field.Warn($"Ignored: expected {expected}");
        return null;
    }

    private static ImmutableArray<string> BetasOf(Field field)
    {
        var texts = field.Value is Json5Array
            ? field.Texts() ?? []
            : field.Text() is { } text ? [text] : ImmutableArray<string>.Empty;
        const StringSplitOptions Clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        var betas = texts.SelectMany(beta => beta.Split(',', Clean)).Distinct().ToList();
        foreach (var refusal in betas.Select(Anthropic.AnthropicBeta.Refusal).OfType<string>())
            field.Warn($"Ignored: a value {refusal}");
        return [.. betas.Where(beta => Anthropic.AnthropicBeta.Refusal(beta) is null)];
    }
}
