using System.Collections.Immutable;
using ClawGrpc.Core.Access;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// A client as it stands in a file: in <c>clawgrpc.clients</c> of the configuration, or in the file of clients.
/// </summary>
internal static class ClientSection
{
    /// <summary>Reads one. Null if it is wrong, and was refused.</summary>
    public static Client? Read(string name, Fields section)
    {
        var scopes = Scopes.None;
        foreach (var item in section.Find("scopes")?.Items() ?? [])
            scopes |= ScopeOf(item);
        var client = new Client
        {
            Name = name,
            Scopes = scopes,
            Agents = section.Texts("agents") ?? [],
            Models = [.. (section.Texts("models") ?? []).Select(model => model.Trim())],
            Bindings = [.. BindingsOf(section)],
            Limits = section.Section("limits") is { } limits ? LimitsOf(limits) : ClientLimits.None,
            Budget = section.Section("budget") is { } budget ? BudgetOf(budget) : null,
        };
        var problems = ClientRules.Problems(client);
        foreach (var (path, description) in problems)
            section.Refuse(path == "name" ? "" : path, description);
        return problems.IsEmpty ? client : null;
    }

    private static Scopes ScopeOf(Field item)
    {
        if (item.Text() is not { } word)
            return Scopes.None;
        if (ScopeNames.Find(word) is { } scope)
            return scope;
        item.Refuse($"Invalid input: expected one of {string.Join(", ", ScopeNames.All)}");
        return Scopes.None;
    }

    private static IEnumerable<Binding> BindingsOf(Fields section)
    {
        foreach (var uid in Numbers(section, "unixUsers"))
            yield return new Binding.UnixUser(uid);
        foreach (var gid in Numbers(section, "unixGroups"))
            yield return new Binding.UnixGroup(gid);
        foreach (var name in section.Texts("certificates") ?? [])
            yield return new Binding.CertificateName(name);
        foreach (var subject in section.Find("subjects")?.Items() ?? [])
        {
            if (subject.Section() is not { } fields)
                continue;
            var claims = fields.Map("claims", (key, field) => field.Text() is { } value ? Tuple.Create(key, value) : null);
            yield return new Binding.JwtSubject(
                fields.RequiredName("issuer") ?? "", fields.RequiredName("subject") ?? "",
                claims.ToImmutableDictionary(claim => claim.Item1, claim => claim.Item2, StringComparer.Ordinal));
            fields.RefuseOthers();
        }
    }

    private static IEnumerable<uint> Numbers(Fields section, string key)
    {
        foreach (var item in section.Find(key)?.Items() ?? [])
        {
            if (item.Value is Json5Number { Value: >= 0 and < uint.MaxValue and var number } && number == Math.Floor(number))
                yield return (uint)number;
            else
                item.Refuse("Invalid input: expected the number of a user or group");
        }
    }

    private static ClientLimits LimitsOf(Fields limits)
    {
        var read = new ClientLimits(
            Count(limits, "requestsPerMinute"), Count(limits, "completions"), Count(limits, "watchers"),
            Count(limits, "megabytes"));
        limits.RefuseOthers();
        return read;
    }

    private static ClientBudget BudgetOf(Fields budget)
    {
        var period = budget.OneOf("period", "day", "month") == "month" ? BudgetPeriod.Month : BudgetPeriod.Day;
        var usd = (decimal?)budget.Find("usd")?.NumberUpTo(ClientRules.MostUsd);
        var tokens = Whole(budget, "tokens", ClientRules.MostBudgetTokens);
        budget.RefuseOthers();
        return new ClientBudget(usd, tokens, period);
    }

    private static int? Count(Fields section, string key) => (int?)Whole(section, key, 1_000_000);

    private static long? Whole(Fields section, string key, long most)
    {
        if (section.Find(key) is not { } field || field.NumberUpTo(most) is not { } number)
            return null;
        if (number == Math.Floor(number))
            return (long)number;
        field.Refuse("Invalid input: expected int, received number");
        return null;
    }
}
