using System.Text.RegularExpressions;

namespace ClawGrpc.Core;

/// <summary>
/// Names a secret that is kept elsewhere (openclaw-spec.md, section 3.1): <c>{ source, provider, id }</c>. Files keep it as it
/// stands; what it names is looked up when it is needed.
/// </summary>
/// <param name="Source"><c>env</c>, <c>file</c>, <c>exec</c>, or one that ClawGrpc does not know.</param>
/// <param name="Provider">An entry of <c>secrets.providers</c>; null for the default one.</param>
/// <param name="Id">The variable; the place in a file.</param>
internal sealed record SecretReference(string Source, string? Provider, string Id)
{
    public const string Environment = "env";
    public const string File = "file";
    public const string Program = "exec";

    private const int LongestShown = 128;

    // Keys that were entered as the name of a key.
    private static readonly Regex Key = new("sk-ant-|[A-Za-z0-9+/_-]{40}", RegexOptions.CultureInvariant);
    private static readonly Regex Inline = new(
        @"^(\$\{(?<name>[A-Z][A-Z0-9_]{0,127})\}|(\$|secretref-env:)(?<name>[A-Z][A-Z0-9_]{0,127}))\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);

    /// <summary>For people: <c>env:default:MY_KEY</c>, without an id that may be a secret itself.</summary>
    public string Shown => $"{Printable(Source)}:{Printable(Provider ?? "default")}:{Printable(Id)}";

    /// <summary>The reference of an object's members; null if it is none.</summary>
    public static SecretReference? Of(string? source, string? provider, string? id) =>
        string.IsNullOrWhiteSpace(source) || string.IsNullOrWhiteSpace(id)
            ? null
            : new SecretReference(source.Trim(), string.IsNullOrWhiteSpace(provider) ? null : provider.Trim(), id.Trim());

    /// <summary>
    /// The variable that OpenClaw's short forms name, such as <c>${MY_KEY}</c>; null if the text is none of them.
    /// </summary>
    public static SecretReference? OfText(string text) => Inline.Match(text.Trim()) is { Success: true } match
        ? new SecretReference(Environment, null, match.Groups["name"].Value)
        : null;

    /// <summary>Never an id that may be a secret.</summary>
    public override string ToString() => Shown;

    private static string Printable(string text) =>
        text.Length <= LongestShown && text.All(letter => letter is >= ' ' and <= '~') && !Key.IsMatch(text)
            ? text
            : "(not shown)";
}

/// <summary>What a reference comes to now.</summary>
/// <param name="Secret">Null if it cannot be resolved.</param>
/// <param name="Problem">Why it cannot be, as half a sentence without secrets; null if it can.</param>
internal readonly record struct ResolvedSecret(Secret? Secret, string? Problem)
{
    public static ResolvedSecret Of(string text) => new(new Secret(text), null);

    public static ResolvedSecret Not(string problem) => new(null, problem);
}
