using System.Text.RegularExpressions;

namespace ClawGrpc.Core.Configuration;

/// <summary>Secrets that stand in the text of a configuration themselves, where a reference or <c>${NAME}</c> could.</summary>
internal static class PlainSecrets
{
    private static readonly Regex NameOfSecret = new(
        "(key|token|secret|password|authorization|cookie)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static readonly Regex NameOfVariable = new("^[A-Z][A-Z0-9_]*$", RegexOptions.CultureInvariant);

    /// <summary>
    /// The keys of those that ClawGrpc knows for secrets: keys of providers, headers that show a credential, and variables by
    /// their name or their value. What other programs keep in their sections is not looked at.
    /// </summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="texts">The files that it was read from.</param>
    public static IEnumerable<string> In(ClawConfiguration configuration, IReadOnlyCollection<string> texts)
    {
        var keys = configuration.Models.Providers.SelectMany(provider => provider.Headers
            .Where(header => IsCredential(header.Key, header.Value))
            .Select(header => ($"models.providers.{provider.Id}.headers.{header.Key}", header.Value))
            .Append(($"models.providers.{provider.Id}.apiKey", provider.ApiKey ?? new Secret(""))));
        var variables = configuration.Env.Variables.Where(variable => IsCredential(variable.Key, variable.Value))
            .Select(variable => ($"env.{variable.Key}", variable.Value));
        return keys.Concat(variables).Where(each => Stands(each.Item2.Reveal())).Select(each => each.Item1)
            .Order(StringComparer.Ordinal);

        // A value that came from a variable is in none of the texts. Some programs name a variable in the place of a key.
        bool Stands(string value) => value.Length > 0 && !NameOfVariable.IsMatch(value)
            && texts.Any(text => text.Contains(value, StringComparison.Ordinal));
    }

    private static bool IsCredential(string name, Secret value) =>
        NameOfSecret.IsMatch(name) || SecretText.HasCredential(value.Reveal());
}
