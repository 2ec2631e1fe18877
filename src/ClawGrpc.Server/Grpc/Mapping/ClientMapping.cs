using System.Collections.Immutable;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Binding = ClawGrpc.Core.Access.Binding;
using BudgetPeriod = ClawGrpc.Core.Access.BudgetPeriod;
using Client = ClawGrpc.Core.Access.Client;
using ClientBudget = ClawGrpc.Core.Access.ClientBudget;
using ClientLimits = ClawGrpc.Core.Access.ClientLimits;
using ClientToken = ClawGrpc.Core.Access.ClientToken;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>Clients and tokens as messages, and back.</summary>
internal static class ClientMapping
{
    /// <summary>A client with its tokens.</summary>
    public static V1.Client ToMessage(Client client)
    {
        var message = WithoutProofs(client);
        message.Bindings.AddRange(client.Bindings.Select(ToMessage));
        message.Tokens.AddRange(client.Tokens.OrderBy(token => token.Id, StringComparer.Ordinal).Select(ToMessage));
        return message;
    }

    /// <summary>What it may do.</summary>
    public static V1.Client WithoutProofs(Client client)
    {
        var message = new V1.Client { Name = client.Name, Configured = client.IsConfigured, CreateTime = At(client.Created) };
        message.Scopes.AddRange(ScopeNames.Of(client.Scopes).Select(name => System.Enum.Parse<Scope>(name, ignoreCase: true)));
        message.Agents.AddRange(client.Agents);
        message.Models.AddRange(client.Models);
        if (client.Limits != ClientLimits.None)
        {
            message.Limits = new V1.ClientLimits
            {
                RequestsPerMinute = client.Limits.RequestsPerMinute ?? 0,
                Completions = client.Limits.Completions ?? 0,
                Watchers = client.Limits.Watchers ?? 0,
                Megabytes = client.Limits.Megabytes ?? 0,
            };
        }

        if (client.Budget is { } budget)
        {
            message.Budget = new V1.ClientBudget
            {
                Usd = (double)(budget.Usd ?? 0),
                Tokens = budget.Tokens ?? 0,
                Period = ByName.To<BudgetPeriod, V1.BudgetPeriod>(budget.Period),
            };
        }

        return message;
    }

    /// <summary>What a client has spent; null if it has no budget.</summary>
    public static BudgetUse? ToMessage(Client client, Spending? spent, DateTimeOffset now) => spent is null ? null : new BudgetUse
    {
        Usd = (double)spent.Usd,
        Tokens = spent.Tokens,
        ResetTime = Timestamp.FromDateTimeOffset(Spending.ResetOf(client.Budget!.Period, now)),
    };

    public static V1.ClientToken ToMessage(ClientToken token) => new()
    {
        TokenId = token.Id,
        Label = token.Label,
        AgentId = token.Agent,
        SessionId = token.Session,
        CreateTime = Timestamp.FromDateTimeOffset(token.Generations[0].Created),
        ExpireTime = At(token.Generations[0].Expires),
        GraceExpireTime = token.Generations.Length > 1 ? At(token.Generations[1].Expires) : null,
        LastUseTime = At(token.LastUsed),
    };

    /// <summary>The client that a message describes; what is wrong with its form goes to the collector.</summary>
    public static Client ToClient(V1.Client message, FieldErrors errors)
    {
        if (message.Tokens.Count > 0 || message.Configured || message.CreateTime is not null)
            errors.Add("", "tokens, configured and create_time are output only");
        return new Client
        {
            Name = message.Name.Trim(),
            Scopes = ScopesOf(message, errors),
            Agents = [.. message.Agents.Select(agent => agent.Trim()).Distinct()],
            Models = [.. message.Models.Select(model => model.Trim()).Distinct()],
            Bindings = [.. BindingsOf(message, errors).Distinct()],
            Limits = message.Limits is { } limits
                ? new ClientLimits(
                    Given(limits.RequestsPerMinute), Given(limits.Completions), Given(limits.Watchers), Given(limits.Megabytes))
                : ClientLimits.None,
            Budget = message.Budget is { } budget ? BudgetOf(budget, errors) : null,
        };
    }

    private static Scopes ScopesOf(V1.Client message, FieldErrors errors)
    {
        var scopes = Scopes.None;
        foreach (var scope in message.Scopes)
        {
            if (ScopeNames.Find($"{scope}".ToLowerInvariant()) is { } known)
                scopes |= known;
            else
                errors.Add("scopes", $"Not a scope: {scope}");
        }

        return scopes;
    }

    private static IEnumerable<Binding> BindingsOf(V1.Client message, FieldErrors errors)
    {
        foreach (var binding in message.Bindings)
        {
            switch (binding.BindingCase)
            {
                case ClientBinding.BindingOneofCase.UnixUser:
                    yield return new Binding.UnixUser(binding.UnixUser);
                    break;
                case ClientBinding.BindingOneofCase.UnixGroup:
                    yield return new Binding.UnixGroup(binding.UnixGroup);
                    break;
                case ClientBinding.BindingOneofCase.Certificate:
                    yield return new Binding.CertificateName(binding.Certificate.Trim());
                    break;
                case ClientBinding.BindingOneofCase.Subject:
                    yield return new Binding.JwtSubject(
                        binding.Subject.Issuer, binding.Subject.Subject,
                        binding.Subject.Claims.ToImmutableDictionary(StringComparer.Ordinal));
                    break;
                default:
                    errors.Add("bindings", "Required: one of unix_user, unix_group, certificate, subject");
                    break;
            }
        }
    }

    private static ClientBinding ToMessage(Binding binding)
    {
        switch (binding)
        {
            case Binding.UnixUser user:
                return new ClientBinding { UnixUser = user.Uid };
            case Binding.UnixGroup group:
                return new ClientBinding { UnixGroup = group.Gid };
            case Binding.CertificateName name:
                return new ClientBinding { Certificate = name.Name };
            case Binding.JwtSubject jwt:
                var subject = new JwtSubject { Issuer = jwt.Issuer, Subject = jwt.Subject };
                subject.Claims.Add(jwt.Claims);
                return new ClientBinding { Subject = subject };
            default:
                throw new InvalidOperationException($"Unknown binding {binding.GetType().Name}.");
        }
    }

    private static ClientBudget BudgetOf(V1.ClientBudget budget, FieldErrors errors)
    {
        if (!double.IsFinite(budget.Usd) || budget.Usd is < 0 or > ClientRules.MostUsd)
            errors.Add("budget.usd", "Expected an amount above 0, at most a billion");
        var usd = budget.Usd is > 0 and <= ClientRules.MostUsd ? (decimal?)budget.Usd : null;
        var period = budget.Period == V1.BudgetPeriod.Month ? BudgetPeriod.Month : BudgetPeriod.Day;
        return new ClientBudget(usd, budget.Tokens == 0 ? null : budget.Tokens, period);
    }

    private static int? Given(int limit) => limit == 0 ? null : limit;

    private static Timestamp? At(DateTimeOffset? time) => time is { } value ? Timestamp.FromDateTimeOffset(value) : null;
}
