using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Server.Access;

/// <summary>
/// Refuses calls once the database has been away for longer than the configuration allows: a token that was revoked since then
/// would still lead in. The server's own user sees the status.
/// </summary>
internal sealed class Staleness(IStateStore store, LiveConfiguration configuration, TimeProvider time)
{
    public Task RefuseAsync(HttpContext context, RequestDelegate next)
    {
        if (store.AwaySince is not { } since || configuration.Current.Configuration.Service.MaxStaleness is not { } most
            || time.GetUtcNow() - since <= most
            || context.GetEndpoint()?.Metadata.GetMetadata<RpcAccess>() is not { } access
            || (access.Scope is Scopes.Status or Scopes.None && CallerIdentity.Of(context)?.Client.Name == Client.LocalName))
        {
            return next(context);
        }

        return Answers.RefuseByFaceAsync(context, StateRefusals.StoreUnavailable(
            $"The store is degraded since {since:yyyy-MM-dd'T'HH:mm:ss'Z'}, and this server serves no longer than "
                + $"{most.TotalSeconds:0} s without the database (clawgrpc.replicas.maxStaleness)."));
    }
}
