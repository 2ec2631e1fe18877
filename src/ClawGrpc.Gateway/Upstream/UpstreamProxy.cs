namespace ClawGrpc.Gateway.Upstream;

/// <summary>
/// The proxy that the environment names (<c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c>, <c>ALL_PROXY</c>, <c>NO_PROXY</c>).
/// </summary>
internal static class UpstreamProxy
{
    /// <summary>
    /// Why no request may go to an address: a proxy would read the credential of one that is not encrypted. Null if one may; a
    /// proxy on the way to an <c>https://</c> address sees only its host.
    /// </summary>
    public static string? Refusal(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttp || HttpClient.DefaultProxy.IsBypassed(url))
            return null;
        return HttpClient.DefaultProxy.GetProxy(url) is { } proxy && proxy != url
            ? $"Refused: the proxy {proxy.Host}:{proxy.Port} of the environment (HTTP_PROXY) would read the credentials. "
                + $"Use https://, or add {url.Host} to NO_PROXY"
            : null;
    }
}
