using System.Collections.Immutable;

namespace ClawGrpc.Core.Access;

/// <summary>What leads to a client besides a token.</summary>
internal abstract record Binding
{
    /// <summary>Whether this proof is of the client that has the binding.</summary>
    public abstract bool Fits(Proof proof);

    /// <summary>A Unix user, by the peer of the server's socket.</summary>
    internal sealed record UnixUser(uint Uid) : Binding
    {
        public override bool Fits(Proof proof) => proof is Proof.Peer peer && peer.Uid == Uid;
    }

    /// <summary>A Unix group, likewise. The user's binding goes before that of one of its groups.</summary>
    internal sealed record UnixGroup(uint Gid) : Binding
    {
        public override bool Fits(Proof proof) => proof is Proof.Peer peer && peer.Gids.Contains(Gid);
    }

    /// <summary>A name in a client's certificate.</summary>
    /// <param name="Name">
    /// <c>dns:NAME</c> or <c>uri:URI</c>, as a whole; a URI that ends in <c>/*</c> stands for all below it.
    /// </param>
    internal sealed record CertificateName(string Name) : Binding
    {
        public override bool Fits(Proof proof) =>
            proof is Proof.Certificate certificate && certificate.Names.Any(name => SegmentPattern.Matches(Name, name));
    }

    /// <summary>The subject of a token that a configured issuer signed.</summary>
    /// <param name="Issuer">The issuer's <c>iss</c>.</param>
    /// <param name="Subject">Its <c>sub</c>, of which whole segments may be <c>*</c>.</param>
    /// <param name="Claims">Further claims, each of which must have this value.</param>
    internal sealed record JwtSubject(string Issuer, string Subject, ImmutableDictionary<string, string> Claims) : Binding
    {
        public override bool Fits(Proof proof) => proof is Proof.Jwt jwt && jwt.Issuer == Issuer
            && SegmentPattern.Matches(Subject, jwt.Subject)
            && Claims.All(claim => jwt.Claims.TryGetValue(claim.Key, out var value) && value == claim.Value);
    }
}

/// <summary>
/// Patterns over segments that slashes and colons divide. A <c>*</c> stands for one whole segment, at the end for one or more;
/// never for a part of one.
/// </summary>
internal static class SegmentPattern
{
    private const string Any = "*";

    public static bool Matches(string pattern, string text)
    {
        if (!pattern.Contains('*'))
            return pattern == text;
        var (wanted, given) = (Segments(pattern), Segments(text));
        if (wanted[^1] == Any ? given.Count < wanted.Count : given.Count != wanted.Count)
            return false;
        return wanted.Zip(given).All(pair => pair.First == pair.Second || (pair.First == Any && pair.Second.Length > 0))
            && given.Skip(wanted.Count).All(segment => segment.Length > 0);
    }

    /// <summary>Whether a star stands for whole segments only.</summary>
    public static bool IsValid(string pattern) => Segments(pattern).All(segment => segment == Any || !segment.Contains('*'));

    // With their separators, so that a slash is not a colon.
    private static List<string> Segments(string text)
    {
        var segments = new List<string>();
        var start = 0;
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] is not ('/' or ':'))
                continue;
            segments.Add(text[start..index]);
            segments.Add(text[index].ToString());
            start = index + 1;
        }

        segments.Add(text[start..]);
        return segments;
    }
}
