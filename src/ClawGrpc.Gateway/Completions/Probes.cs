using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// Tries profiles with one tiny request each (openclaw-spec.md, section 7.4), in cooldown or not. Its outcome counts as a
/// completion's does.
/// </summary>
internal sealed class Probes(CallReader calls, Completion completions, AgentSetups setups, TimeProvider time)
{
    private static readonly CompositeFormat Body = CompositeFormat.Parse(
        """{{"max_tokens":{0},"messages":[{{"role":"user","content":[{{"type":"text","text":"Reply with OK. """
        + """Do not use tools."}}]}}]}}""");

    /// <summary>The results as they come: those that need no request first.</summary>
    public async IAsyncEnumerable<Probe> RunAsync(
        Agent agent, ProbeOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (told, targets) = Sort(agent, options);
        foreach (var result in told)
            yield return result;
        var results = Channel.CreateBounded<Probe>(options.Concurrency);
        var work = Task.Run(
            async () =>
            {
                await Parallel.ForEachAsync(
                    targets,
                    new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellation },
                    async (target, stop) =>
                        await results.Writer.WriteAsync(await ProbeAsync(agent, target, options, stop), stop));
            },
            cancellation).ContinueWith(done => results.Writer.Complete(done.Exception), TaskScheduler.Default);
        await foreach (var result in results.Reader.ReadAllAsync(cancellation))
            yield return result;
        await work;
    }

    // Which profiles are tried, and what is known of the others without trying.
    private (List<Probe> Told, List<Probe> Targets) Sort(Agent agent, ProbeOptions options)
    {
        var setup = setups.Of(agent.Id);
        var (told, targets) = (new List<Probe>(), new List<Probe>());
        var store = agent.Profiles.Readable;
        var order = ProfileOrder.Of(store, setup.Auth, Provider.Anthropic, setup.Models.Default.Key, null, time.GetUtcNow());
        var inOrder = order.Candidates.Select(candidate => candidate.Profile.Id).ToList();
        var known = order.Ineligible.ToDictionary(each => each.Id);
        var anyOfAnthropic = false;
        foreach (var profile in store.Profiles.OrderBy(profile => inOrder.IndexOf(profile.Id)))
        {
            var provider = Provider.Normalize(profile.Credential.Provider);
            anyOfAnthropic |= provider == Provider.Anthropic;
            if ((options.Provider.Length > 0 && options.Provider != provider)
                || (options.ProfileIds.Length > 0 && !options.ProfileIds.Contains(profile.Id)))
            {
                continue;
            }
            var result = ResultOf(profile, provider, provider == Provider.Anthropic ? ModelOf(setup) : "");
            if (result.Model.Length == 0)
            {
                told.Add(Ended(result, ProbeOutcome.NoModel, "No model available for probe"));
            }
            else if (inOrder.Contains(profile.Id))
            {
                targets.Add(result);
            }
            else
            {
                told.Add(Ended(result, ProbeOutcome.Unknown, known.TryGetValue(profile.Id, out var fault)
                    ? TextOf(fault)
                    : "Excluded by auth.order for this provider."));
            }
        }

        if (!anyOfAnthropic && setup.FallbackKey is { } loose && options.ProfileIds.IsEmpty
            && options.Provider is "" or Provider.Anthropic)
        {
            targets.Add(ResultOf(loose, ModelOf(setup)));
        }
        return (told, targets);
    }

    private async Task<Probe> ProbeAsync(Agent agent, Probe target, ProbeOptions options, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        var (outcome, error) = await TryAsync(agent, target, options, cancellation);
        return target with { Outcome = outcome, Error = error, Latency = time.GetElapsedTime(start) };
    }

    private async Task<(ProbeOutcome, string)> TryAsync(
        Agent agent, Probe target, ProbeOptions options, CancellationToken cancellation)
    {
        using var patience = new Patience(time, cancellation);
        patience.Start(options.Timeout);
        try
        {
            return calls.Read(agent, RequestOf(agent, target, options), new FieldErrors()) switch
            {
                CallResult<CompletionCall>.Served { Result: var call } => await AskAsync(call, patience.Token),
                CallResult<CompletionCall>.Refused { Refusal: var refusal } => (OutcomeOf(refusal), refusal.Message),
                var unknown => throw new InvalidOperationException($"Unknown result {unknown.GetType().Name}."),
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (ProbeOutcome.Timeout, $"No answer within {options.Timeout.TotalSeconds:0.#} s.");
        }
    }

    private async Task<(ProbeOutcome, string)> AskAsync(CompletionCall call, CancellationToken cancellation)
    {
        switch (await completions.AskAsync(call, cancellation))
        {
            case CallResult<OpenedCompletion>.Served { Result: var completion }:
                await using (completion)
                {
                    await completion.ReadAllAsync();
                    return completion.Refusal is { } broken ? (OutcomeOf(broken), broken.Message) : (ProbeOutcome.Ok, "");
                }

            case CallResult<OpenedCompletion>.Refused { Refusal: var refusal }:
                return (OutcomeOf(refusal), refusal.Message);
            case var unknown:
                throw new InvalidOperationException($"Unknown result {unknown.GetType().Name}.");
        }
    }

    private static CompletionRequest RequestOf(Agent agent, Probe target, ProbeOptions options) => new()
    {
        Caller = Caller.Server,
        AgentId = agent.Id,
        Model = target.ProfileId.Length > 0 ? $"{target.Model}@{target.ProfileId}" : target.Model,
        Retention = Retention.None,
        Body = Encoding.UTF8.GetBytes(string.Format(CultureInfo.InvariantCulture, Body, options.MaxTokens)),
    };

    private static string TextOf(Ineligible fault) => Eligible.CodeOf(fault.Why) is null
        ? "Auth profile credentials are missing or expired."
        : $"Auth profile credentials cannot be used: {fault.Words}.";

    private static ProbeOutcome OutcomeOf(Refusal refusal) => refusal switch
    {
        { Failure: { } kind } => FailureTable.RowOf(kind).Probe,
        { Reason: RefusalReason.MissingCredentials or RefusalReason.ProfileUnusable or RefusalReason.OauthRefreshFailed } =>
            ProbeOutcome.Auth,
        _ => ProbeOutcome.Unknown,
    };

    private static Probe Ended(Probe result, ProbeOutcome outcome, string error) =>
        result with { Outcome = outcome, Error = error };

    private static string ModelOf(AgentSetup setup) => setup.Models.Default.Provider == Provider.Anthropic
        ? setup.Models.Default.Key
        : setup.Models.Fallbacks.FirstOrDefault(model => model.Provider == Provider.Anthropic)?.Key ?? "";

    private static Probe ResultOf(Profile profile, string provider, string model) => new(
        provider,
        model,
        profile.Id,
        profile.Credential.Email is { } email ? $"{profile.Id} ({email})" : profile.Id,
        "profile",
        profile.Credential switch
        {
            ApiKeyCredential => CredentialKind.ApiKey,
            TokenCredential => CredentialKind.Token,
            _ => CredentialKind.Oauth,
        });

    private static Probe ResultOf(FallbackKey key, string model)
    {
        var source = key.Source.StartsWith("env", StringComparison.Ordinal) ? "env" : key.Source;
        return new Probe(Provider.Anthropic, model, "", source, source, CredentialKind.ApiKey);
    }
}
