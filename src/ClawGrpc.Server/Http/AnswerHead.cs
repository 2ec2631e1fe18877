using System.Globalization;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.Server.Access;

namespace ClawGrpc.Server.Http;

/// <summary>
/// The headers of an answer: what upstream says of the shared credential and its connection is left out, what ClawGrpc did is
/// added.
/// </summary>
internal static class AnswerHead
{
    public static void Write(HttpResponse response, OpenedCompletion completion)
    {
        if (IsSendable(completion.RequestId))
            response.Headers["request-id"] = completion.RequestId;
        response.Headers["x-clawgrpc-completion"] = completion.CompletionId;
        response.Headers["x-clawgrpc-attempts"] = completion.Attempts.ToString(CultureInfo.InvariantCulture);
        if (CallerIdentity.Of(response.HttpContext)?.May(Scopes.Admin) == true)
            response.Headers["x-clawgrpc-profile"] = completion.Route.ProfileId;
    }

    /// <summary>Whether a text of upstream can stand in a header.</summary>
    public static bool IsSendable(string text) => text.Length > 0 && text.All(each => each is >= ' ' and <= '~');

    /// <summary>What is left of the client's own budget, in the words in which Anthropic's clients understand it.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="client">Whose.</param>
    /// <param name="spent">What was spent before this call; null if there is no budget.</param>
    /// <param name="now">The time.</param>
    public static void WriteBudget(HttpResponse response, Client client, Spending? spent, DateTimeOffset now)
    {
        if (spent is null || client.Budget is not { } budget)
            return;
        var used = Math.Max(
            budget.Usd is { } usd ? (double)(spent.Usd / usd) : 0,
            budget.Tokens is { } tokens ? (double)spent.Tokens / tokens : 0);
        var status = used >= 1 ? "rejected" : used >= 0.75 ? "allowed_warning" : "allowed";
        var reset = Spending.ResetOf(budget.Period, now).ToUnixTimeSeconds();
        response.Headers["anthropic-ratelimit-unified-status"] = status;
        response.Headers["anthropic-ratelimit-unified-reset"] = reset.ToString(CultureInfo.InvariantCulture);
    }
}
