using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;

namespace ClawGrpc.Core.Configuration;

/// <summary>What a client must look like, whoever describes it: a file, the configuration or a call.</summary>
internal static class ClientRules
{
    /// <summary>The most clients that there may be.</summary>
    public const int MostClients = 10_000;

    /// <summary>The most tokens of one client.</summary>
    public const int MostTokens = 100;

    /// <summary>The largest budget in US dollars.</summary>
    public const long MostUsd = 1_000_000_000;

    /// <summary>The largest budget in tokens: a number of JSON has no more digits.</summary>
    public const long MostBudgetTokens = 1_000_000_000_000_000;

    private const int LongestList = 1000;
    private const int LongestText = 2048;
    private const string Uri = "uri:";

    private static readonly Regex Name = new(@"^[A-Za-z0-9][A-Za-z0-9._\-]{0,63}\z");
    // Names are shown and logged.
    private const string LooksSecret = "It looks like a secret, and is no name";
    private static readonly Regex SchemeOrHostIsAny = new(@"^uri:(\*|[^/]*://(\*|/|\z))");

    /// <summary>Everything that is wrong, by the names of the members in files.</summary>
    public static ImmutableArray<FieldError> Problems(Client client)
    {
        var errors = new FieldErrors();
        if (!Name.IsMatch(client.Name))
            errors.Add("name", "Expected letters, digits, dots, dashes and underscores, at most 64, such as ci");
        else if (SecretText.HasCredential(client.Name))
            errors.Add("name", LooksSecret);
        else if (client.Name == Client.LocalName)
            errors.Add("name", "local is the server's own user and root, and cannot be another client");
        if (client.Scopes == Scopes.None)
            errors.Add("scopes", $"Required: one or more of {string.Join(", ", ScopeNames.All)}");
        if (client.Agents.IsEmpty)
            errors.Add("agents", "Required: the ids of one or more agents, or * for all");
        foreach (var agent in client.Agents.Where(agent => agent != Client.AnyAgent && !Name.IsMatch(agent)))
            errors.Add("agents", $"Not an agent id: {Shown(agent)}");
        if (client.Agents.Any(SecretText.HasCredential))
            errors.Add("agents", LooksSecret);
        foreach (var model in client.Models.Where(model => !ModelRef.IsAcceptable(model) || !model.Contains('/')))
            errors.Add("models", $"Expected provider/model, such as anthropic/claude-sonnet-4-5: {Shown(model)}");
        if (Math.Max(client.Agents.Length, Math.Max(client.Models.Length, client.Bindings.Length)) > LongestList)
            errors.Add("", $"Expected at most {LongestList} agents, models and bindings each");
        foreach (var binding in client.Bindings)
            Check(binding, errors);
        Check(client.Limits, errors);
        if (client.Budget is { } budget)
            Check(budget, errors);
        return errors.All;
    }

    /// <summary>What is wrong with the label or the bound session of a token.</summary>
    public static ImmutableArray<FieldError> TokenProblems(string label, string agent, string session)
    {
        var errors = new FieldErrors();
        if (label.Length > 100 || label.Any(char.IsControl))
            errors.Add("label", "Expected one line of at most 100 characters");
        if (agent.Length > 0 && !Name.IsMatch(agent))
            errors.Add("agent_id", $"Not an agent id: {Shown(agent)}");
        if (session.Length > 200 || session.Any(char.IsControl))
            errors.Add("session_id", "Expected one line of at most 200 characters");
        return errors.All;
    }

    private static void Check(Binding binding, FieldErrors errors)
    {
        switch (binding)
        {
            case Binding.UnixUser { Uid: 0 }:
                errors.Add("unixUsers", "root is always the client local");
                break;
            case Binding.UnixUser { Uid: ClientDirectory.Unmapped }:
                errors.Add("unixUsers", Unmapped("user"));
                break;
            case Binding.UnixGroup { Gid: ClientDirectory.Unmapped }:
                errors.Add("unixGroups", Unmapped("group"));
                break;
            case Binding.CertificateName { Name: var name } when !IsCertificateName(name):
                errors.Add("certificates", $"Expected dns:NAME or uri:URI, of which whole segments may be *: {Shown(name)}");
                break;
            case Binding.JwtSubject subject:
                if (subject.Issuer.Length == 0 || subject.Subject.Length == 0)
                    errors.Add("subjects", "Required: issuer and subject");
                else if (!SegmentPattern.IsValid(subject.Subject) || subject.Subject == Client.AnyAgent)
                    errors.Add("subjects", $"A * is a whole segment, and not all of a subject: {Shown(subject.Subject)}");
                break;
        }
    }

    private static string Unmapped(string what) =>
        $"{ClientDirectory.Unmapped} is what the kernel shows for every {what} of another user namespace, so it proves nothing";

    private static bool IsCertificateName(string name)
    {
        if (name.Length > LongestText || !SegmentPattern.IsValid(name))
            return false;
        if (name.StartsWith("dns:", StringComparison.Ordinal))
            return name.Length > 4 && !name.Contains('*') && !name.Any(char.IsAsciiLetterUpper);
        return name.StartsWith(Uri, StringComparison.Ordinal) && name[Uri.Length..].Contains("://", StringComparison.Ordinal)
            && !SchemeOrHostIsAny.IsMatch(name);
    }

    private static void Check(ClientLimits limits, FieldErrors errors)
    {
        foreach (var (name, limit) in new[]
        {
            ("requestsPerMinute", limits.RequestsPerMinute), ("completions", limits.Completions), ("watchers", limits.Watchers),
            ("megabytes", limits.Megabytes),
        })
        {
            if (limit is <= 0 or > 1_000_000)
                errors.Add($"limits.{name}", "Expected 1 to 1000000, or none for no limit");
        }
    }

    private static void Check(ClientBudget budget, FieldErrors errors)
    {
        if (budget is { Usd: null, Tokens: null })
            errors.Add("budget", "Required: usd, tokens or both");
        if (budget.Usd is <= 0 or > MostUsd)
            errors.Add("budget.usd", "Expected an amount above 0, at most a billion");
        if (budget.Tokens is <= 0 or > MostBudgetTokens)
            errors.Add("budget.tokens", $"Expected 1 to {MostBudgetTokens}");
    }

    private static string Shown(string text) => text.Length <= 80 ? text : $"{text[..80]}…";
}
