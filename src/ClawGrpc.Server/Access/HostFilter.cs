using System.Collections.Immutable;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Server.Tls;

namespace ClawGrpc.Server.Access;

/// <summary>
/// Refuses requests over TCP for a host that is not this server, before anything else looks at them: a web page whose name was
/// made to lead here cannot call.
/// </summary>
/// <param name="own">The hosts of the addresses that the server listens on.</param>
internal sealed class HostFilter(ImmutableArray<string> own, LiveConfiguration configuration, TlsFiles files)
{
    public Task FilterAsync(HttpContext context, RequestDelegate next)
    {
        // A Unix socket has no address, and no web page reaches it.
        if (context.Connection.LocalIpAddress is null || HostNames.IsServed(context.Request.Host.Host, Served()))
            return next(context);
        if (context.Features.Get<Answers>() is not null
            || context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            return Answers.RefuseByFaceAsync(context, Foreign);
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return context.Response.CompleteAsync();
    }

    // A bare 400 would reach gRPC's callers as INTERNAL, without a reason.
    private static readonly Refusal Foreign = Refusal.InvalidField(
        ":authority",
        "The server does not know itself by this host. Use a name of its certificate, or add the name to clawgrpc.hosts");

    private IEnumerable<string> Served() => own.Concat(files.Current.Server?.Names ?? [])
        .Concat(configuration.Current.Configuration.Service.Hosts);
}
