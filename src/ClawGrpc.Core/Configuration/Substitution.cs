using System.Text.RegularExpressions;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// <c>${VAR}</c> in the strings of a configuration (openclaw-spec.md, section 1.1). Only names of upper-case letters, digits and
/// underscores count; everything else that looks alike stays as it is. <c>$${VAR}</c> means a literal <c>${VAR}</c>.
/// </summary>
internal static class Substitution
{
    private static readonly Regex Reference = new(@"(?<escape>\$?)\$\{(?<name>[A-Z_][A-Z0-9_]*)\}");

    /// <summary>The text with its variables replaced.</summary>
    /// <param name="text">As it stands in the file.</param>
    /// <param name="variable">The value of a variable; null when it is unset or empty.</param>
    /// <param name="missing">Called with the name of each variable that has no value; its place stays as it is.</param>
    public static string Apply(
        string text, Func<string, string?> variable, Action<string> missing) => Reference.Replace(text, match =>
    {
        if (match.Groups["escape"].Length > 0)
            return match.Value[1..];
        var name = match.Groups["name"].Value;
        if (variable(name) is { } value)
            return value;
        missing(name);
        return match.Value;
    });

    /// <summary>OpenClaw's message for a variable without a value.</summary>
    public static string Missing(string name, KeyPath path) =>
        $"Missing env var \"{name}\" referenced at config path: {path.Bracketed}";
}
