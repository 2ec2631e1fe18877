namespace ClawGrpc.Core.Configuration;

/// <summary>Where OAuth logins are refreshed: <c>clawgrpc.oauth</c>. ClawGrpc has no client id of its own and borrows none.</summary>
/// <param name="TokenUrl"><c>tokenUrl</c>: the token endpoint; https, or http to this machine.</param>
/// <param name="ClientId"><c>clientId</c>: the client that the logins were made with. Never empty.</param>
internal sealed record OAuthConfiguration(Uri TokenUrl, string ClientId)
{
    private const string NoTokenUrl =
        "Invalid URL: expected https:// with a host, or http:// with a loopback one, and no user, query or fragment";

    internal static OAuthConfiguration? Read(Fields oauth)
    {
        var (url, clientId) = (oauth.RequiredName("tokenUrl"), oauth.RequiredName("clientId"));
        if (url is { Length: > 0 } && !IsTokenUrl(url))
            oauth.Find("tokenUrl")!.Refuse(NoTokenUrl);
        oauth.RefuseOthers();
        return url is not null && clientId is not null && IsTokenUrl(url) ? new OAuthConfiguration(new Uri(url.Trim()), clientId) : null;
    }

    // A refresh token is worth the whole login: it crosses no network unprotected.
    private static bool IsTokenUrl(string text) => ProviderConfiguration.IsBaseUrl(text)
        && new Uri(text) is var url && (url.Scheme == Uri.UriSchemeHttps || url.IsLoopback);
}
