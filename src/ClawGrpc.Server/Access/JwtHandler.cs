using System.Text.Encodings.Web;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace ClawGrpc.Server.Access;

/// <summary>A token (JWT) that an issuer of the configuration has signed.</summary>
internal sealed class JwtHandler(
    Clients clients, UnknownPeers peers, Issuers issuers, IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers, UrlEncoder encoder)
    : ProofHandler(clients, peers, options, loggers, encoder)
{
    public const string Name = "jwt";

    /// <summary>Whether a request carries one, and no ClawGrpc token.</summary>
    /// <param name="context">The request. What it has in <c>x-api-key</c> is another proof.</param>
    public static bool IsShown(HttpContext context) => !MessagesToken.IsShown(context)
        && TokenHandler.TokenOf(context) is { } token
        && !token.StartsWith(TokenText.Prefix, StringComparison.Ordinal) && token.Count(each => each == '.') == 2;

    protected override async ValueTask<(Proof? Proof, string Why)> ShownAsync() =>
        await issuers.VerifyAsync(TokenHandler.TokenOf(Context) ?? "", Context.RequestAborted);
}
