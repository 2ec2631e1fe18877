using System.Text.Encodings.Web;
using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace ClawGrpc.Server.Access;

/// <summary>
/// One way to show who one is. What is shown leads to a client, or the call is refused with one text for all causes.
/// </summary>
internal abstract partial class ProofHandler(
    Clients clients, UnknownPeers peers, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers,
    UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    // The framework's own line of a failure says less, under the name of the handler.
    private readonly ILogger _log = loggers.CreateLogger("ClawGrpc.Callers");

    /// <summary>Whether too many calls of the peer showed nothing, among the items of a request.</summary>
    public static readonly object TooMany = new();

    /// <summary>The clients.</summary>
    protected Clients Clients => clients;

    /// <summary>What the request shows; or why it shows nothing, which is for the log alone.</summary>
    protected abstract ValueTask<(Proof? Proof, string Why)> ShownAsync();

    protected sealed override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return AuthenticateResult.NoResult();
        var (proof, why) = await ShownAsync();
        if (proof is not null)
        {
            (var caller, why) = clients.Find(proof);
            if (caller is not null)
                return CallerIdentity.ResultOf(caller, Scheme.Name);
        }

        var peer = UnknownPeers.PeerOf(Context);
        if (peers.TryCount(peer))
            LogUnknown(_log, Scheme.Name, SecretText.ForLog($"{Request.Path}"), peer, why);
        else
            Context.Items[TooMany] = true;

        // The framework would log a failure once more.
        return AuthenticateResult.NoResult();
    }

    [LoggerMessage(60, LogLevel.Information, "Refused an unknown caller ({Proof}) of {Rpc} from {Peer}: {Why}")]
    private static partial void LogUnknown(ILogger log, string proof, string rpc, string peer, string why);
}

/// <summary>The Unix user at the other end of the socket.</summary>
internal sealed class PeerHandler(
    Clients clients, UnknownPeers peers, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers,
    UrlEncoder encoder)
    : ProofHandler(clients, peers, options, loggers, encoder)
{
    public const string Name = "unix";

    protected override ValueTask<(Proof? Proof, string Why)> ShownAsync() => Context.Features.Get<Proof.Peer>() is { } peer
        ? new((peer, ""))
        : new((null, "nothing was shown, and the connection has no Unix user"));
}

/// <summary>A ClawGrpc token.</summary>
internal sealed class TokenHandler(
    Clients clients, UnknownPeers peers, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers,
    UrlEncoder encoder)
    : ProofHandler(clients, peers, options, loggers, encoder)
{
    public const string Name = "token";

    private const string Bearer = "Bearer ";

    /// <summary>The token of a request; null if it carries none.</summary>
    public static string? TokenOf(HttpContext context) =>
        context.Request.Headers.Authorization is [{ } header] ? BearerOf(header) : null;

    /// <summary>What a header has behind <c>Bearer</c>; null if it does not begin so.</summary>
    public static string? BearerOf(string header) =>
        header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;

    protected override ValueTask<(Proof? Proof, string Why)> ShownAsync() => new(
        Context.Features.Get<Answers>() is not null ? MessagesToken.Of(Context, Clients)
        : TokenOf(Context) is { } token && Clients.ProofOf(token) is { } proof ? (proof, "")
        : (null, "what was shown is no ClawGrpc token: its form or its check is wrong"));
}

/// <summary>Nothing, on a loopback port that the operator opened to everybody on the machine.</summary>
internal sealed class LoopbackHandler(
    Clients clients, UnknownPeers peers, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers,
    UrlEncoder encoder)
    : ProofHandler(clients, peers, options, loggers, encoder)
{
    public const string Name = "loopback";

    /// <summary>The middleware of connections to such a port.</summary>
    public static ConnectionDelegate Open(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(new Proof.Loopback());
        return next(connection);
    };

    protected override ValueTask<(Proof? Proof, string Why)> ShownAsync() =>
        new((Context.Features.Get<Proof.Loopback>(), "the port is not open to all"));
}
