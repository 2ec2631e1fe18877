namespace ClawGrpc.Core.Configuration;

/// <summary>
/// Where in the configuration a value is, in the two ways that OpenClaw writes it: validation joins everything with dots
/// (<c>agents.list.0.model</c>), substitution puts indexes into brackets (<c>agents.list[0].model</c>).
/// </summary>
internal readonly record struct KeyPath(string Dotted, string Bracketed)
{
    public static readonly KeyPath Root = new("", "");

    /// <summary>As errors show it.</summary>
    public string Shown => Dotted.Length == 0 ? ConfigurationError.Root : Dotted;

    public KeyPath Of(string key) =>
        Dotted.Length == 0 ? new KeyPath(key, key) : new KeyPath($"{Dotted}.{key}", $"{Bracketed}.{key}");

    public KeyPath Of(int index) => new($"{Dotted}.{index}", $"{Bracketed}[{index}]");
}
