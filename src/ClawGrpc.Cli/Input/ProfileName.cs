using System.Text;

namespace ClawGrpc.Cli.Input;

/// <summary>Profile ids from the names of tokens (openclaw-spec.md, section 3.3, "Token profile name → id").</summary>
internal static class ProfileName
{
    /// <summary>Why a text cannot be a name; null if it can. Names are shown and logged, so a secret that was pasted into the
    /// wrong question must not become one.</summary>
    public static string? Problem(string name) => Secrets.LooksLikeSecret(name)
        ? "This looks like a secret, and this is the place for a name, which everybody may see. Nothing was stored."
        : null;

    /// <summary>The provider and the slug of the name, such as <c>anthropic:my-laptop</c>; <c>default</c> if the slug is
    /// empty.</summary>
    public static string ToId(string provider, string name)
    {
        var slug = new StringBuilder();
        foreach (var character in name.Trim().ToLowerInvariant())
        {
            var kept = character is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '.' or '_' ? character : '-';
            if (kept != '-' || (slug.Length > 0 && slug[^1] != '-'))
                slug.Append(kept);
        }

        var text = slug.ToString().TrimEnd('-');
        return $"{provider}:{(text.Length == 0 ? "default" : text)}";
    }
}
