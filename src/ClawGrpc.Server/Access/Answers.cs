using ClawGrpc.Gateway;
using ClawGrpc.Server.Grpc.Mapping;

namespace ClawGrpc.Server.Access;

/// <summary>How the face that a request came by answers what no handler sees. A feature of its requests.</summary>
/// <param name="RefuseAsync">Answers with a refusal.</param>
/// <param name="ExceptionOf">What to throw where the framework or a handler reads a request, so that it is refused.</param>
internal sealed record Answers(Func<HttpContext, Refusal, Task> RefuseAsync, Func<Refusal, Exception> ExceptionOf)
{
    /// <summary>As RPCs are answered, since gRPC's clients make little of a bare 401 or 403.</summary>
    private static readonly Answers OfGrpc = new(static (context, refusal) =>
    {
        RefusalMapping.Answer(context.Response, refusal);
        return context.Response.CompleteAsync();
    }, static refusal => refusal.ToRpcException());

    /// <summary>Refuses a request in the words of its face.</summary>
    public static Task RefuseByFaceAsync(HttpContext context, Refusal refusal) =>
        Of(context).RefuseAsync(context, refusal);

    /// <summary>Those of the face that a request came by.</summary>
    public static Answers Of(HttpContext context) => context.Features.Get<Answers>() ?? OfGrpc;
}
