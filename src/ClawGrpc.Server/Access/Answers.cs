using ClawGrpc.Gateway;
using ClawGrpc.Server.Grpc.Mapping;

namespace ClawGrpc.Server.Access;

/// <summary>How the face that a request came by answers what no handler sees. A feature of its requests.</summary>
internal sealed record Answers(Func<HttpContext, Refusal, Task> RefuseAsync)
{
    /// <summary>As RPCs are answered, since gRPC's clients make little of a bare 401 or 403.</summary>
    private static readonly Answers OfGrpc = new(static (context, refusal) =>
    {
        RefusalMapping.Answer(context.Response, refusal);
        return context.Response.CompleteAsync();
    });

    /// <summary>Refuses a request in the words of its face.</summary>
    public static Task RefuseByFaceAsync(HttpContext context, Refusal refusal) =>
        (context.Features.Get<Answers>() ?? OfGrpc).RefuseAsync(context, refusal);
}
