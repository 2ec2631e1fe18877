using System.Collections.Immutable;

namespace ClawGrpc.Core.Configuration;

/// <summary>A file with a key that secrets are sealed with.</summary>
/// <param name="Path">Absolute, or below <c>~</c>.</param>
/// <param name="IsPassphrase">Whether it holds a passphrase, not a key.</param>
internal sealed record KeySource(string Path, bool IsPassphrase);

/// <summary><c>clawgrpc.seal</c>: the keys that secrets are sealed with.</summary>
/// <param name="Sources">The first is active until another one is made so; all open what they sealed.</param>
internal sealed record SealConfiguration(ImmutableArray<KeySource> Sources)
{
    internal static SealConfiguration Read(Fields seal)
    {
        var sources = SourcesIn(seal);
        foreach (var other in seal.Find("otherKeys")?.Items() ?? [])
        {
            if (other.Section() is not { } section)
                continue;
            sources.AddRange(SourcesIn(section));
            section.RefuseOthers();
        }

        seal.RefuseOthers();
        return new SealConfiguration([.. sources.Distinct()]);
    }

    public bool Equals(SealConfiguration? other) => other is not null && Sources.SequenceEqual(other.Sources);

    public override int GetHashCode() => Sources.Length;

    private static List<KeySource> SourcesIn(Fields section)
    {
        var sources = new List<KeySource>();
        foreach (var (key, isPassphrase) in new[] { ("keyFile", false), ("passphraseFile", true) })
        {
            if (section.Find(key) is not { } field || field.Text()?.Trim() is not { } path)
                continue;
            if (path.StartsWith('/') || path.StartsWith("~/", StringComparison.Ordinal))
                sources.Add(new KeySource(path, isPassphrase));
            else
                field.Refuse("Invalid input: expected an absolute path, or one that begins with ~/");
        }

        return sources;
    }
}
