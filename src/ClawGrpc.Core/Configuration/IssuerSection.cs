using System.Collections.Immutable;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Core.Configuration;

/// <summary>The section <c>clawgrpc.issuers</c>.</summary>
internal static class IssuerSection
{
    private const int LongestLife = 24 * 60;

    public static ImmutableArray<JwtIssuer> Read(Fields service)
    {
        var issuers = ImmutableArray.CreateBuilder<JwtIssuer>();
        foreach (var item in service.Find("issuers")?.Items() ?? [])
        {
            if (item.Section() is not { } section || ReadOne(section) is not { } issuer)
                continue;
            if (issuers.Any(known => known.Name == issuer.Name))
                section.Refuse("issuer", $"There is an issuer {issuer.Name} already");
            issuers.Add(issuer);
        }

        return issuers.ToImmutable();
    }

    private static JwtIssuer? ReadOne(Fields section)
    {
        var (name, audience, keys) =
            (section.RequiredName("issuer"), section.RequiredName("audience"), section.RequiredName("jwks"));
        if (audience is not null && IsOfOthers(audience))
            section.Refuse("audience", "Its tokens are for another service. Choose one of ClawGrpc's own, such as clawgrpc");
        if (keys is not null && !IsFileOrUrl(keys))
            section.Refuse("jwks", "Expected a file, an https:// URL, or an http:// URL of this machine");
        var algorithms = section.Texts("algorithms") ?? JwtIssuer.PublicKeyAlgorithms;
        if (algorithms.IsEmpty || !algorithms.All(each => JwtIssuer.PublicKeyAlgorithms.Contains(each)))
            section.Refuse("algorithms", $"Expected one or more of {string.Join(", ", JwtIssuer.PublicKeyAlgorithms)}");
        var ca = section.Text("jwksCa");
        var minutes = section.Find("maxLifeMinutes")?.NumberUpTo(LongestLife);
        section.RefuseOthers();
        return name is null || audience is null || keys is null ? null : new JwtIssuer(name, audience, keys.Trim())
        {
            KeysCa = ca,
            Algorithms = algorithms,
            MaxLife = minutes is { } life ? TimeSpan.FromMinutes(life) : TimeSpan.FromHours(1),
        };
    }

    // A token for the API server of Kubernetes, or for Anthropic, would be one that its holder did not mean to show here.
    private static bool IsOfOthers(string audience) => Uri.TryCreate(audience, UriKind.Absolute, out var url)
        && (url.Host.StartsWith("kubernetes.default", StringComparison.OrdinalIgnoreCase)
            || $".{url.Host}".EndsWith(".anthropic.com", StringComparison.OrdinalIgnoreCase)
            || $".{url.Host}".EndsWith(".claude.com", StringComparison.OrdinalIgnoreCase));

    private static bool IsFileOrUrl(string keys) => !keys.Contains("://", StringComparison.Ordinal)
        || (Uri.TryCreate(keys.Trim(), UriKind.Absolute, out var url) && url.UserInfo.Length == 0
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)));
}
