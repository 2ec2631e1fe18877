using ClawGrpc.Core.Access;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using ClawGrpc.Server.Grpc.Mapping;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Authentication;

namespace ClawGrpc.Server.Access;

/// <summary>What the audit and the log have of calls that change nothing: completions, and denied and ended calls.</summary>
internal sealed partial class CallAudit(AuditLog audit, TimeProvider time, ILogger<CallAudit> log)
{
    private const string Package = "/clawgrpc.v1.";

    /// <summary>The caller of a request, as the audit has it.</summary>
    public static AuditActor ActorOf(HttpContext context)
    {
        var user = context.Features.Get<Proof.Peer>();
        return new AuditActor(CallerIdentity.Of(context), user, user is null ? context.Connection.RemoteIpAddress : null);
    }

    /// <summary>The RPC of a request, such as <c>AuthService/Onboard</c>.</summary>
    public static string RpcOf(HttpContext context)
    {
        var path = PathOf(context);
        return path.StartsWith(Package, StringComparison.Ordinal) ? path[Package.Length..] : path.TrimStart('/');
    }

    // As the contract has it: requests may write it in upper case, or any path that leads to no RPC.
    private static string PathOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName ?? context.Request.Path.Value ?? "";

    /// <summary>A call is over.</summary>
    public void Note(HttpContext context, LiveCall call, RpcAccess access)
    {
        if (call.Refusal is not null)
            NoteOnce(AuditEvent.Ended, context, call.Refusal, call);
        else if (call.Answer is { } denied && IsDenial(denied.Reason) && !access.IsChange)
            NoteOnce(AuditEvent.Denied, context, denied, call);
        else if (call.Answer is { } refused && !access.IsChange)
            LogRefused(log, audit.Shown(PathOf(context)), call.Caller.Client.Name, RefusalMapping.NameOf(refused.Reason));
        if (access.IsCompletion && !(call.Answer is { } other && IsDenial(other.Reason)))
            NoteCompletion(context, call);
    }

    private void NoteCompletion(HttpContext context, LiveCall call)
    {
        var receipt = call.Receipt ?? call.Answer?.Receipt;
        audit.Note(new AuditEntry(AuditEvent.Completion, time.GetUtcNow(), ActorOf(context))
        {
            Rpc = RpcOf(context),
            Agent = call.AgentId ?? "",
            Profile = receipt?.ProfileId ?? "",
            Model = receipt?.Model ?? "",
            Outcome = call.Receipt is not null ? "ok" : call.Answer is not null ? "refused" : "cancelled",
            Reason = call.Receipt is null && call.Answer is { } answer ? RefusalMapping.NameOf(answer.Reason) : "",
            RequestId = receipt?.CompletionId ?? "",
            UpstreamId = receipt?.RequestId ?? "",
            InputTokens = receipt?.Usage?.InputTokens,
            OutputTokens = receipt?.Usage?.OutputTokens,
        });
    }

    /// <summary>A request was not let in.</summary>
    public void NoteDenied(HttpContext context, Refusal refusal) => NoteOnce(AuditEvent.Denied, context, refusal, null);

    private static bool IsDenial(RefusalReason reason) => reason is RefusalReason.Unauthenticated or RefusalReason.ScopeMissing
        or RefusalReason.AgentNotPermitted or RefusalReason.ModelNotPermitted;

    private void NoteOnce(AuditEvent what, HttpContext context, Refusal refusal, LiveCall? call)
    {
        var actor = ActorOf(context);
        var reason = RefusalMapping.NameOf(refusal.Reason);
        var client = actor.Caller?.Client.Name;
        var why = context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Failure?.Message;
        audit.NoteDenied(client is null ? UnknownPeers.PeerOf(context) : $"client {client}", new AuditEntry(
            what, time.GetUtcNow(), actor)
        {
            Rpc = RpcOf(context),
            Agent = call?.AgentId ?? refusal.Facts.GetValueOrDefault("agent_id") ?? "",
            Model = refusal.Facts.GetValueOrDefault("model") ?? "",
            Outcome = "refused",
            Reason = reason,
            Details = client is null && why is not null ? [("why", why)] : [],
        });

        // Unknown callers are logged where they are told from others.
        if (client is not null)
            LogRefused(log, audit.Shown(PathOf(context)), client, reason);
    }

    [LoggerMessage(61, LogLevel.Information, "Refused {Rpc} of the client {Client}: {Reason}")]
    private static partial void LogRefused(ILogger log, string rpc, string client, string reason);
}
