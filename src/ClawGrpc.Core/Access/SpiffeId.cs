using System.Text;

namespace ClawGrpc.Core.Access;

/// <summary>The name of a workload: <c>spiffe://TRUST-DOMAIN/PATH</c>.</summary>
/// <param name="TrustDomain">Whose authorities may sign it.</param>
/// <param name="Path">Begins with a slash; empty for the trust domain itself.</param>
internal sealed record SpiffeId(string TrustDomain, string Path)
{
    private const string Scheme = "spiffe://";
    private const int LongestId = 2048;
    private const int LongestTrustDomain = 255;

    /// <summary>Whether a URI claims to be one, in whatever form.</summary>
    public static bool IsClaimedBy(string uri) => uri.StartsWith("spiffe:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a text is the name of a trust domain.</summary>
    public static bool IsTrustDomain(string text) => text.Length is > 0 and <= LongestTrustDomain && text.All(IsOfTrustDomain);

    /// <summary>Reads an id. There is one way to write each, so nothing is made equal that is not.</summary>
    /// <returns>The id, or half a sentence on why the text is none.</returns>
    public static (SpiffeId? Id, string Why) Parse(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) > LongestId)
            return (null, $"a SPIFFE id has at most {LongestId} bytes");
        if (!text.StartsWith(Scheme, StringComparison.Ordinal))
            return (null, "a SPIFFE id begins with spiffe://");
        var rest = text[Scheme.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (domain, path) = slash < 0 ? (rest, "") : (rest[..slash], rest[slash..]);
        if (!IsTrustDomain(domain))
            return (null, "a trust domain has lower-case letters, digits, dots, dashes and underscores, at most 255");
        if (path.Length > 0 && !path[1..].Split('/').All(IsSegment))
        {
            return (null, "the segments of a SPIFFE id have letters, digits, dots, dashes and underscores, and none is empty, "
                + ". or ..");
        }

        return (new SpiffeId(domain, path), "");
    }

    public override string ToString() => $"{Scheme}{TrustDomain}{Path}";

    private static bool IsOfTrustDomain(char each) =>
        char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each) || each is '.' or '-' or '_';

    private static bool IsSegment(string text) => text.Length > 0 && text is not ("." or "..")
        && text.All(each => char.IsAsciiLetterOrDigit(each) || each is '.' or '-' or '_');
}
