using System.Globalization;
using System.Text;

namespace ClawGrpc.Core.Configuration;

/// <summary>A model of a provider, and the profile to use if one is named (openclaw-spec.md, section 2.7).</summary>
/// <param name="Provider">Normalized, such as <c>anthropic</c>.</param>
/// <param name="Model">As the provider knows it, such as <c>claude-opus-4-6</c>; may contain slashes.</param>
/// <param name="ProfileId">The only profile to use (<c>ref@profileId</c>); null for any.</param>
internal sealed record ModelRef(string Provider, string Model, string? ProfileId = null)
{
    /// <summary>No id of a model that a caller gives is longer.</summary>
    public const int Longest = 200;

    /// <summary>What a caller may give as a model; for a field's error.</summary>
    public static readonly string Expected = $"Expected at most {Longest} printable characters on one line";

    /// <summary>Whether a caller may give this as a model: it is kept in files, statuses and receipts.</summary>
    public static bool IsAcceptable(string text)
    {
        // A profile may be named behind it, whose id may be as long.
        if (text.Split('@')[0].Length > Longest || text.Length > (2 * Longest) + 1)
            return false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary><c>provider/model</c>, the key of <c>agents.defaults.models</c>.</summary>
    public string Key => $"{Provider}/{Model}";

    /// <summary>
    /// Reads <c>provider/model</c>, an alias, or a bare or short id of Anthropic (<c>opus-4.6</c>), each with or without
    /// <c>@profileId</c>.
    /// </summary>
    /// <param name="text">As written, not normalized.</param>
    /// <returns>Null when it names no model: nothing before or after the slash, or nothing before or after the at-sign.</returns>
    public static ModelRef? Parse(string text, ModelAliases aliases)
    {
        // Splits at the first at-sign: profile ids may be e-mail addresses, model names contain none.
        if (text.Split('@', 2, StringSplitOptions.TrimEntries) is [var named, var profile])
            return profile.Length > 0 && Parse(named, aliases) is { } model ? model with { ProfileId = profile } : null;

        var name = text.Trim();
        return name.Contains('/', StringComparison.Ordinal) ? ParseKey(name)
            : name.Length > 0 ? aliases.Find(name) ?? new ModelRef(Core.Provider.Anthropic, FullId(Core.Provider.Anthropic, name))
            : null;
    }

    /// <summary><c>provider/model</c>, and <c>@profileId</c> if one is named.</summary>
    public override string ToString() => ProfileId is null ? Key : $"{Key}@{ProfileId}";

    /// <summary>Reads <c>provider/model</c>, or a model of Anthropic: no aliases, no profile.</summary>
    /// <param name="key">As written, not normalized.</param>
    /// <returns>Null when there is nothing before or after the slash.</returns>
    public static ModelRef? ParseKey(string key)
    {
        // Splits at the first slash: model names may contain more.
        var parts = key.Split('/', 2, StringSplitOptions.TrimEntries);
        var provider = parts is [var named, _] ? Core.Provider.Normalize(named) : Core.Provider.Anthropic;
        return provider.Length > 0 && parts[^1].Length > 0 ? new ModelRef(provider, FullId(provider, parts[^1])) : null;
    }

    private static string FullId(string provider, string model) => (provider, model.ToLowerInvariant()) switch
    {
        (Core.Provider.Anthropic, "opus-4.6") => "claude-opus-4-6",
        (Core.Provider.Anthropic, "opus-4.5") => "claude-opus-4-5",
        (Core.Provider.Anthropic, "sonnet-4.5") => "claude-sonnet-4-5",
        _ => model,
    };
}
