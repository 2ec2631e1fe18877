namespace ClawGrpc.Core.Configuration;

/// <summary>
/// The origin of an upstream: scheme, host and port. A credential belongs to one, and goes to no other until somebody confirms
/// that.
/// </summary>
internal static class UpstreamOrigin
{
    /// <summary>Such as <c>https://api.anthropic.com</c>; without the scheme's own port.</summary>
    public static string Of(Uri url)
    {
        var host = url.HostNameType == UriHostNameType.IPv6 ? url.Host : url.IdnHost.ToLowerInvariant();
        return url.IsDefaultPort ? $"{url.Scheme}://{host}" : $"{url.Scheme}://{host}:{url.Port}";
    }

    /// <summary>Whether what is sent there crosses a network unencrypted.</summary>
    public static bool IsCleartext(Uri url) => url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback;
}
