using System.Text.Encodings.Web;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Tls;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace ClawGrpc.Server.Access;

/// <summary>A certificate that the connection's handshake has shown.</summary>
internal sealed class CertificateHandler(
    Clients clients, UnknownPeers peers, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers,
    UrlEncoder encoder)
    : ProofHandler(clients, peers, options, loggers, encoder)
{
    public const string Name = "certificate";

    protected override ValueTask<(Proof? Proof, string Why)> ShownAsync() =>
        Context.Features.Get<ShownCertificate>() is { } shown
            ? new((shown.Proof, shown.Why))
            : new((null, "no certificate was shown"));
}
