using System.Collections.Immutable;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Core.Configuration;

/// <summary>The files of TLS, each null if there is none. Relative paths are those of the state folder.</summary>
/// <param name="Certificate">The server's certificate and those between it and its authority.</param>
/// <param name="Key">Its private key.</param>
/// <param name="ClientCa">The authorities of clients' certificates without a SPIFFE id.</param>
internal sealed record TlsConfiguration(string? Certificate, string? Key, string? ClientCa)
{
    public static readonly TlsConfiguration None = new(null, null, null);

    /// <summary>With what counts more.</summary>
    public TlsConfiguration Under(TlsConfiguration first) =>
        new(first.Certificate ?? Certificate, first.Key ?? Key, first.ClientCa ?? ClientCa);
}

/// <summary>The sections <c>clawgrpc.tls</c>, <c>trustDomains</c> and <c>hosts</c>.</summary>
internal static class TlsSection
{
    public static TlsConfiguration Read(Fields tls)
    {
        var read = new TlsConfiguration(File(tls, "cert"), File(tls, "key"), File(tls, "clientCa"));
        tls.RefuseOthers();
        return read;
    }

    /// <summary>From each trust domain to the file of its authorities.</summary>
    public static ImmutableSortedDictionary<string, string> TrustDomains(Fields service) => service
        .Map("trustDomains", (domain, field) =>
        {
            if (!SpiffeId.IsTrustDomain(domain))
                field.Refuse($"Not a trust domain: {domain}. Expected its name alone, such as prod.example");
            return field.Text() is { Length: > 0 } path && SpiffeId.IsTrustDomain(domain) ? Tuple.Create(domain, path) : null;
        })
        .ToImmutableSortedDictionary(each => each.Item1, each => each.Item2, StringComparer.Ordinal);

    public static ImmutableArray<string> Hosts(Fields service)
    {
        var hosts = service.Texts("hosts") ?? [];
        foreach (var host in hosts)
        {
            var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host.Trim('[', ']');
            if (Uri.CheckHostName(name) == UriHostNameType.Unknown)
                service.Refuse("hosts", $"Expected names or addresses without a port, such as claw.example: {host}");
        }

        return hosts;
    }

    private static string? File(Fields tls, string key)
    {
        var path = tls.Text(key)?.Trim();
        if (path is "")
            tls.Refuse(key, "Too small: expected string to have >=1 characters");
        return path;
    }
}
