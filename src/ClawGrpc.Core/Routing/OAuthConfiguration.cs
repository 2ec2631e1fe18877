namespace ClawGrpc.Core.Routing;

/// <summary>
/// The token endpoint that refreshes OAuth logins (<c>clawgrpc.oauth</c>). ClawGrpc has no client id of its own and borrows none.
/// </summary>
/// <param name="TokenUrl"><c>tokenUrl</c>: https, or http to a loopback address.</param>
/// <param name="ClientId"><c>clientId</c>: the client that the logins were made with. Never empty.</param>
internal sealed record OAuthConfiguration(Uri TokenUrl, string ClientId);
