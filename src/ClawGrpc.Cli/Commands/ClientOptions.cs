using System.CommandLine;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary>The options that describe a client.</summary>
internal sealed record ClientOptions
{
    private static readonly Scope[] KnownScopes = [Scope.Complete, Scope.Status, Scope.Onboard, Scope.Admin];

    private Option<string[]> Scopes { get; } = List("--scope", "complete, status, onboard or admin; may be repeated", "scope");

    // Not --agent, which says for every command on which agent it works.
    private Option<string[]> Agents { get; } = List("--for-agent", "Agent that it may use; may be repeated", "id");

    private Option<bool> AllAgents { get; } = new("--all-agents") { Description = "It may use all agents, those to come too" };

    private Option<string[]> Models { get; } =
        List("--model", "Model that it may use, as provider/model; may be repeated (default: all of its agents)", "model");

    private Option<string[]> UnixUsers { get; } =
        List("--unix-user", "User at the other end of the Unix socket: number, or name on this machine", "user");

    private Option<string[]> UnixGroups { get; } = List("--unix-group", "Group of that user: number, or name on this machine",
        "group");

    private Option<string[]> Certificates { get; } =
        List("--certificate", "Name in its certificate: dns:NAME or uri:URI, of which whole segments may be *", "name");

    private Option<string[]> Subjects { get; } =
        List("--subject", "Signed token of a configured issuer, as one argument: 'ISSUER SUBJECT [CLAIM=VALUE…]'", "subject");

    private Option<int?> RequestsPerMinute { get; } = Number("--requests-per-minute", "Calls that begin within a minute");

    private Option<int?> Completions { get; } = Number("--completions", "Completions at once");

    private Option<int?> Watchers { get; } = Number("--watchers", "Status watches at once");

    private Option<int?> Megabytes { get; } = Number("--megabytes", "Large requests under way at once, in megabytes");

    private Option<double?> BudgetUsd { get; } = new("--budget-usd")
    {
        Description = "US dollars a period; 0: no limit",
        HelpName = "n",
    };

    private Option<long?> BudgetTokens { get; } = new("--budget-tokens")
    {
        Description = "Tokens a period; 0: no limit",
        HelpName = "n",
    };

    private Option<string?> BudgetPeriod { get; } = new("--budget-period")
    {
        Description = "day or month, in UTC (default: day)",
        HelpName = "period",
    };

    public IEnumerable<Option> All =>
    [
        Scopes, Agents, AllAgents, Models, UnixUsers, UnixGroups, Certificates, Subjects, RequestsPerMinute, Completions,
        Watchers, Megabytes, BudgetUsd, BudgetTokens, BudgetPeriod,
    ];

    /// <summary>Replaces of a client what is given. A blank value empties a list, and 0 takes a limit away.</summary>
    /// <exception cref="CliFailure">An option has an invalid value.</exception>
    public void Apply(Invocation invocation, V1.Client client)
    {
        Replace(invocation, Scopes, client.Scopes, ScopeOf);
        if (invocation.Get(AllAgents))
        {
            if (invocation.Has(Agents))
                throw CliFailure.Failed("Choose either --for-agent or --all-agents, not both.");
            client.Agents.Clear();
            client.Agents.Add("*");
        }

        Replace(invocation, Agents, client.Agents, id => id);
        Replace(invocation, Models, client.Models, model => model);
        ReplaceBindings(invocation, client, UnixUsers, ClientBinding.BindingOneofCase.UnixUser,
            name => new ClientBinding { UnixUser = NumberOf(UnixUsers, name, UnixNames.FindUser) });
        ReplaceBindings(invocation, client, UnixGroups, ClientBinding.BindingOneofCase.UnixGroup,
            name => new ClientBinding { UnixGroup = NumberOf(UnixGroups, name, UnixNames.FindGroup) });
        ReplaceBindings(invocation, client, Certificates, ClientBinding.BindingOneofCase.Certificate,
            name => new ClientBinding { Certificate = name });
        ReplaceBindings(invocation, client, Subjects, ClientBinding.BindingOneofCase.Subject,
            text => new ClientBinding { Subject = SubjectOf(text) });
        ApplyLimits(invocation, client);
        ApplyBudget(invocation, client);
    }

    private void ApplyLimits(Invocation invocation, V1.Client client)
    {
        var limits = client.Limits ?? new ClientLimits();
        limits.RequestsPerMinute = invocation.Get(RequestsPerMinute) ?? limits.RequestsPerMinute;
        limits.Completions = invocation.Get(Completions) ?? limits.Completions;
        limits.Watchers = invocation.Get(Watchers) ?? limits.Watchers;
        limits.Megabytes = invocation.Get(Megabytes) ?? limits.Megabytes;
        client.Limits = limits.Equals(new ClientLimits()) ? null : limits;
    }

    private void ApplyBudget(Invocation invocation, V1.Client client)
    {
        var budget = client.Budget ?? new ClientBudget();
        budget.Usd = invocation.Get(BudgetUsd) ?? budget.Usd;
        budget.Tokens = invocation.Get(BudgetTokens) ?? budget.Tokens;
        budget.Period = invocation.Get(BudgetPeriod) switch
        {
            null => budget.Period,
            "day" => V1.BudgetPeriod.Day,
            "month" => V1.BudgetPeriod.Month,
            var other => throw CliFailure.Failed($"--budget-period is one of day and month, not \"{other}\"."),
        };
        if (budget is { Usd: 0, Tokens: 0 } && invocation.Has(BudgetPeriod))
            throw CliFailure.Failed("--budget-period takes --budget-usd or --budget-tokens.");
        client.Budget = budget is { Usd: 0, Tokens: 0 } ? null : budget;
    }

    private static void ReplaceBindings(
        Invocation invocation, V1.Client client, Option<string[]> option, ClientBinding.BindingOneofCase kind,
        Func<string, ClientBinding> read)
    {
        if (!invocation.Has(option))
            return;
        var others = client.Bindings.Where(binding => binding.BindingCase != kind).ToList();
        client.Bindings.Clear();
        client.Bindings.Add(others);
        client.Bindings.Add(Given(invocation, option).Select(read));
    }

    private static void Replace<T>(Invocation invocation, Option<string[]> option, ICollection<T> list, Func<string, T> read)
    {
        if (!invocation.Has(option))
            return;
        list.Clear();
        foreach (var text in Given(invocation, option))
            list.Add(read(text));
    }

    private static IEnumerable<string> Given(Invocation invocation, Option<string[]> option) =>
        (invocation.Get(option) ?? []).Select(text => text.Trim()).Where(text => text.Length > 0);

    private static Scope ScopeOf(string word) =>
        KnownScopes.FirstOrDefault(scope => $"{scope}".Equals(word, StringComparison.OrdinalIgnoreCase)) is var found
            && found != Scope.Unspecified
            ? found
            : throw CliFailure.Failed($"--scope is one of complete, status, onboard and admin, not \"{word}\".");

    private static uint NumberOf(Option option, string text, Func<string, uint?> find) =>
        uint.TryParse(text, out var number)
            ? number
            : find(text) ?? throw CliFailure.Failed($"{option.Name} {text}: there is none of this name on this machine.");

    private static JwtSubject SubjectOf(string text)
    {
        if (text.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var issuer, var subject, .. var claims])
            throw CliFailure.Failed("--subject takes one argument of two words: 'ISSUER SUBJECT'.");
        var read = new JwtSubject { Issuer = issuer, Subject = subject };
        foreach (var claim in claims)
        {
            if (claim.Split('=', 2) is not [{ Length: > 0 } name, var value])
                throw CliFailure.Failed($"--subject: after the subject come claims as CLAIM=VALUE, not \"{claim}\".");
            read.Claims[name] = value;
        }

        return read;
    }

    private static Option<string[]> List(string name, string description, string value) => new(name)
    {
        Description = description,
        HelpName = value,
        Arity = ArgumentArity.OneOrMore,
    };

    private static Option<int?> Number(string name, string description) => new(name)
    {
        Description = $"{description}; 0: no limit",
        HelpName = "n",
    };
}
