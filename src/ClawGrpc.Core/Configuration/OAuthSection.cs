using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Configuration;

/// <summary>The section <c>clawgrpc.oauth</c>.</summary>
internal static class OAuthSection
{
    private const string NoTokenUrl =
        "Invalid URL: expected https:// with a host, or http:// with a loopback one, and no user, query or fragment";

    public static OAuthConfiguration? Read(Fields oauth)
    {
        var (url, clientId) = (oauth.RequiredName("tokenUrl"), oauth.RequiredName("clientId"));
        if (url is { Length: > 0 } && !IsTokenUrl(url))
            oauth.Find("tokenUrl")!.Refuse(NoTokenUrl);
        oauth.RefuseOthers();
        return url is not null && clientId is not null && IsTokenUrl(url)
            ? new OAuthConfiguration(new Uri(url.Trim()), clientId)
            : null;
    }

    // A refresh token is worth the whole login, so it must not cross a network unencrypted.
    private static bool IsTokenUrl(string text) => ProviderConfiguration.IsBaseUrl(text)
        && new Uri(text) is var url && (url.Scheme == Uri.UriSchemeHttps || url.IsLoopback);
}
