using System.Globalization;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Rendering;

/// <summary>Clients and tokens for people.</summary>
internal static class ClientText
{
    /// <summary>What a client may do, one fact a line.</summary>
    public static IEnumerable<string> Lines(V1.Client client)
    {
        yield return $"Scopes: {List(client.Scopes.Select(Words.Of), "-")}";
        yield return $"Agents: {(client.Agents.Contains("*") ? "all" : List(client.Agents, "-"))}";
        yield return $"Models: {List(client.Models, "all")}";
        if (client.Limits is { } limits)
            yield return $"Limits: {List(LimitsOf(limits), "-")}";
        if (client.Budget is { } budget)
            yield return $"Budget: {List(BudgetOf(budget), "-")} a {Words.Of(budget.Period)}";
    }

    /// <summary>What leads to a client.</summary>
    public static string KnownBy(V1.Client client)
    {
        string[] tokens = client.Tokens.Count switch
        {
            0 => [],
            1 => ["1 token"],
            var count => [$"{count} tokens"],
        };
        return $"Known by: {List(client.Bindings.Select(Of).Concat(tokens), "nothing yet")}";
    }

    /// <summary>Its tokens, below a title; nothing if it has none.</summary>
    public static IEnumerable<string> Tokens(V1.Client client, DateTimeOffset now) => client.Tokens.Count == 0
        ? []
        : client.Tokens.Select(token => $"- {Of(token, now)}").Prepend("Tokens:");

    /// <summary>One token without its secret, such as <c>abcdefghijkl (laptop), expires in 90d, never used</c>.</summary>
    public static string Of(ClientToken token, DateTimeOffset now) => string.Concat(
        token.TokenId,
        token.Label.Length > 0 ? $" ({token.Label})" : "",
        token.AgentId.Length > 0 ? $", for agent {token.AgentId}" : "",
        token.SessionId.Length > 0 ? $", for session {token.SessionId}" : "",
        Ends(token.ExpireTime, now),
        token.GraceExpireTime is { } grace && grace.ToDateTimeOffset() > now
            ? $", its old secret in {Between(now, grace)}"
            : "",
        token.LastUseTime is { } use ? $", last used {ShortDuration.Of(now - use.ToDateTimeOffset())} ago" : ", never used");

    private static string Ends(Timestamp? end, DateTimeOffset now) => end switch
    {
        null => ", never expires",
        _ when end.ToDateTimeOffset() <= now => ", expired",
        _ => $", expires in {Between(now, end)}",
    };

    private static string Between(DateTimeOffset now, Timestamp end) => ShortDuration.Of(end.ToDateTimeOffset() - now);

    private static string Of(ClientBinding binding) => binding.BindingCase switch
    {
        ClientBinding.BindingOneofCase.UnixUser => $"Unix user {binding.UnixUser}",
        ClientBinding.BindingOneofCase.UnixGroup => $"Unix group {binding.UnixGroup}",
        ClientBinding.BindingOneofCase.Certificate => $"certificate {binding.Certificate}",
        ClientBinding.BindingOneofCase.Subject => $"subject {binding.Subject.Subject} of {binding.Subject.Issuer}"
            + string.Concat(binding.Subject.Claims.OrderBy(claim => claim.Key, StringComparer.Ordinal)
                .Select(claim => $" {claim.Key}={claim.Value}")),
        _ => "what this program does not know",
    };

    private static IEnumerable<string> LimitsOf(ClientLimits limits)
    {
        if (limits.RequestsPerMinute > 0)
            yield return $"{limits.RequestsPerMinute} requests a minute";
        if (limits.Completions > 0)
            yield return $"{limits.Completions} completions";
        if (limits.Watchers > 0)
            yield return $"{limits.Watchers} watchers";
        if (limits.Megabytes > 0)
            yield return $"{limits.Megabytes} MB";
    }

    private static IEnumerable<string> BudgetOf(ClientBudget budget)
    {
        if (budget.Usd > 0)
            yield return string.Create(CultureInfo.InvariantCulture, $"${budget.Usd:0.00####}");
        if (budget.Tokens > 0)
            yield return $"{budget.Tokens} tokens";
    }

    private static string List(IEnumerable<string> values, string none) =>
        string.Join(", ", values) is { Length: > 0 } text ? text : none;
}
