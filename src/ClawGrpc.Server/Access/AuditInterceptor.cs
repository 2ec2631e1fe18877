using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Server.Grpc.Mapping;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ClawGrpc.Server.Access;

/// <summary>
/// Writes calls that change credentials, clients, orders or models to the audit: what is intended before anything is done, and
/// what came of it before the caller is told.
/// </summary>
internal sealed partial class AuditInterceptor(AuditLog audit, TimeProvider time, ILogger<AuditInterceptor> log) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        context.GetHttpContext().GetEndpoint()?.Metadata.GetMetadata<RpcAccess>() is { IsChange: true }
            ? ChangeAsync(request, context, continuation)
            : continuation(request, context);

    private async Task<TResponse> ChangeAsync<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        where TRequest : class
        where TResponse : class
    {
        var http = context.GetHttpContext();
        var facts = RequestFacts.Of((IMessage)request);
        var intent = new AuditEntry(AuditEvent.Change, time.GetUtcNow(), CallAudit.ActorOf(http))
        {
            Rpc = CallAudit.RpcOf(http),
            Agent = facts.Agent,
            Profile = facts.Profile,
            Outcome = "intent",
            RequestId = http.TraceIdentifier,
            Credential = facts.Credential,
            Details = facts.Details,
        };
        await audit.WriteAsync(intent, context.CancellationToken);
        try
        {
            var response = await continuation(request, context);
            var done = RequestFacts.Of((IMessage)response);
            await EndAsync(http, intent with
            {
                Outcome = "ok",
                Profile = done.Profile.Length > 0 ? done.Profile : intent.Profile,
                Details = [.. done.Details.Where(detail => detail.Name.EndsWith("token_id", StringComparison.Ordinal))],
            });
            return response;
        }
        catch (Exception exception)
        {
            var refusal = StateRefusals.Of(exception);
            var reason = refusal is null ? "" : RefusalMapping.NameOf(refusal.Reason);
            var outcome = refusal is not null ? "refused"
                : context.CancellationToken.IsCancellationRequested ? "cancelled"
                : "failed";
            await EndAsync(http, intent with { Outcome = outcome, Reason = reason, Details = [] });
            throw;
        }
    }

    // The change is done, or is not: that its outcome cannot be written does not undo it. A warning is logged.
    private async Task EndAsync(HttpContext context, AuditEntry outcome)
    {
        var call = context.Features.Get<LiveCall>();
        outcome = outcome with { Time = time.GetUtcNow(), Agent = call?.AgentId ?? outcome.Agent };
        LogChange(
            log, outcome.Rpc, OrNone(call?.Caller.Client.Name), OrNone(audit.Shown(outcome.Agent)),
            OrNone(audit.Shown(outcome.Profile)), outcome.Outcome, OrNone(outcome.Reason));
        try
        {
            await audit.WriteAsync(outcome, CancellationToken.None);
        }
        catch (RefusedException)
        {
            LogWithoutOutcome(log, outcome.Rpc, outcome.RequestId);
        }
    }

    private static string OrNone(string? text) => string.IsNullOrEmpty(text) ? "none" : text;

    [LoggerMessage(62, LogLevel.Information,
        "{Rpc} of the client {Client}, agent {AgentId}, profile {ProfileId}: {Outcome}, reason {Reason}")]
    private static partial void LogChange(
        ILogger log, string rpc, string client, string agentId, string profileId, string outcome, string reason);

    [LoggerMessage(82, LogLevel.Error,
        "The audit has the intent of {Rpc} ({RequestId}) and not its outcome: it cannot be written")]
    private static partial void LogWithoutOutcome(ILogger log, string rpc, string requestId);
}
