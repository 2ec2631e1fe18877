using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Access;

namespace ClawGrpc.Server.Access;

/// <summary>The ClawGrpc token of a request to the Messages face, in whichever of the two headers the client puts it.</summary>
internal static class MessagesToken
{
    /// <summary>The second header in which a client may put it.</summary>
    public const string ApiKey = "x-api-key";

    // Anthropic's credentials: a client may send one of its own beside the token. It is not looked at.
    private const string Foreign = "sk-ant-";

    /// <summary>Among the items of a request: it shows a credential of Anthropic, and no token.</summary>
    public static readonly object IsForeign = new();

    /// <summary>Whether a request to this face carries anything where a token may be.</summary>
    public static bool IsShown(HttpContext context) =>
        context.Features.Get<Answers>() is not null && context.Request.Headers.ContainsKey(ApiKey);

    /// <summary>The proof; or why there is none, which is for the log alone.</summary>
    public static (Proof? Proof, string Why) Of(HttpContext context, Clients clients)
    {
        var given = new HashSet<string>(StringComparer.Ordinal);
        var isForeign = false;
        foreach (var value in context.Request.Headers.Authorization.Concat(context.Request.Headers[ApiKey]))
        {
            var token = TokenHandler.BearerOf(value ?? "") ?? value?.Trim() ?? "";
            if (token.StartsWith(Foreign, StringComparison.Ordinal))
                isForeign = true;
            else if (token.Length > 0)
                given.Add(token);
        }

        if (isForeign && given.Count == 0)
            context.Items[IsForeign] = true;
        var proofs = given.Select(clients.ProofOf).OfType<Proof.Token>().ToList();
        return (proofs.Count, given.Count) switch
        {
            (1, 1) => (proofs[0], ""),
            (0, 0) when isForeign => (null, "a credential of Anthropic was shown, and no ClawGrpc token"),
            (0, 0) => (null, "nothing was shown"),
            (0, _) => (null, "what was shown is no ClawGrpc token"),
            _ => (null, "authorization and x-api-key show different tokens"),
        };
    }
}
