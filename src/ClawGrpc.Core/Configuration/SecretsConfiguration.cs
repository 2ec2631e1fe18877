using System.Collections.Immutable;

namespace ClawGrpc.Core.Configuration;

/// <summary>Where references look secrets up: an entry of <c>secrets.providers</c>.</summary>
/// <param name="Name">As references name it.</param>
/// <param name="Source"><c>env</c>, <c>file</c>, <c>exec</c>, or one that ClawGrpc does not know.</param>
internal sealed record SecretProvider(string Name, string Source)
{
    /// <summary>The file of a <c>file</c> provider; null if not set.</summary>
    public string? Path { get; init; }

    /// <summary>Whether the file holds one secret and nothing else (<c>mode: "singleValue"</c>), not a JSON object.</summary>
    public bool IsSingleValue { get; init; }

    /// <summary>The only variables of an <c>env</c> provider; null for all.</summary>
    public ImmutableArray<string>? Allowlist { get; init; }

    internal static SecretProvider? Read(string name, Fields provider)
    {
        if (provider.Text("source") is not { Length: > 0 } source)
            return null;
        return new SecretProvider(name, source.Trim())
        {
            Path = provider.Text("path"),
            IsSingleValue = provider.Text("mode") == "singleValue",
            Allowlist = provider.Texts("allowlist"),
        };
    }
}

/// <summary>OpenClaw's section <c>secrets</c>, as far as it says where references lead. All else in it is OpenClaw's.</summary>
internal sealed record SecretsConfiguration
{
    /// <summary>Nothing configured.</summary>
    public static readonly SecretsConfiguration None = new();

    /// <summary><c>secrets.providers</c>.</summary>
    public ImmutableArray<SecretProvider> Providers { get; init; } = [];

    /// <summary><c>secrets.defaults</c>: source to the provider of references that name none.</summary>
    public ImmutableDictionary<string, string> Defaults { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The name of the provider that a reference asks.</summary>
    public string NameOf(SecretReference reference) =>
        reference.Provider ?? Defaults.GetValueOrDefault(reference.Source) ?? "default";

    /// <summary>The provider that a reference asks; null if it is not configured.</summary>
    public SecretProvider? Find(SecretReference reference)
    {
        var name = NameOf(reference);
        return Providers.FirstOrDefault(provider => provider.Name == name);
    }

    internal static SecretsConfiguration Read(Fields secrets)
    {
        var defaults = secrets.Section("defaults");
        return new SecretsConfiguration
        {
            Providers = secrets.Sections("providers", SecretProvider.Read),
            Defaults = new[] { SecretReference.Environment, SecretReference.File, SecretReference.Program }
                .Select(source => KeyValuePair.Create(source, defaults?.Text(source)?.Trim() ?? ""))
                .Where(named => named.Value.Length > 0).ToImmutableDictionary(),
        };
    }
}
