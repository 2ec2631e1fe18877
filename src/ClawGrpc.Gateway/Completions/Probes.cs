using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ClawGrpc.Core;
using ClawGrpc.Core.Routing;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Server.Grpc;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;
using Agent = ClawGrpc.Gateway.Agents.Agent;
using ApiKeyCredential = ClawGrpc.Core.StateFiles.ApiKeyCredential;
using ProfileOrder = ClawGrpc.Core.Routing.ProfileOrder;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// Tries profiles with one tiny request each (openclaw-spec.md, section 7.4), cooldown or not. What comes of it counts as a
/// completion's does, and is told as it is.
/// </summary>
internal sealed class Probes(CallReader calls, Completion gateway, AgentSetups setups, TimeProvider time)
{
    private const string Prompt = "Reply with OK. Do not use tools.";

    /// <summary>The results as they come: those that need no request first.</summary>
    public async IAsyncEnumerable<ProbeProfilesResponse> RunAsync(
        Agent agent, ProbeOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (told, targets) = Sort(agent, options);
        foreach (var result in told)
            yield return result;
        var results = Channel.CreateBounded<ProbeProfilesResponse>(options.Concurrency);
        var work = Task.Run(
            async () =>
            {
                await Parallel.ForEachAsync(
                    targets,
                    new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellation },
                    async (target, stop) => await results.Writer.WriteAsync(await ProbeAsync(agent, target, options, stop), stop));
            },
            cancellation).ContinueWith(done => results.Writer.Complete(done.Exception), TaskScheduler.Default);
        await foreach (var result in results.Reader.ReadAllAsync(cancellation))
            yield return result;
        await work;
    }

    // Which profiles are tried, and what is known of the others without trying.
    private (List<ProbeProfilesResponse> Told, List<ProbeProfilesResponse> Targets) Sort(Agent agent, ProbeOptions options)
    {
        var setup = setups.Of(agent.Id);
        var (told, targets) = (new List<ProbeProfilesResponse>(), new List<ProbeProfilesResponse>());
        var store = agent.Store;
        var order = ProfileOrder.Of(store, setup.Auth, Provider.Anthropic, setup.Models.Default.Key, null, time.GetUtcNow());
        var inOrder = order.Candidates.Select(candidate => candidate.Profile.Id).ToList();
        var known = order.Ineligible.ToDictionary(each => each.Id, each => each.Why);
        var anyOfAnthropic = false;
        foreach (var profile in store.Profiles.OrderBy(profile => inOrder.IndexOf(profile.Id)))
        {
            var provider = Provider.Normalize(profile.Credential.Provider);
            anyOfAnthropic |= provider == Provider.Anthropic;
            if ((options.Provider.Length > 0 && options.Provider != provider) || (options.ProfileIds.Length > 0 && !options.ProfileIds.Contains(profile.Id)))
                continue;
            var result = ResultOf(profile, provider, provider == Provider.Anthropic ? ModelOf(setup) : "");
            if (result.Model.Length == 0)
                told.Add(Ended(result, ProbeStatus.NoModel, "No model available for probe"));
            else if (inOrder.Contains(profile.Id))
                targets.Add(result);
            else
                told.Add(Ended(result, ProbeStatus.Unknown, known.ContainsKey(profile.Id)
                    ? "Auth profile credentials are missing or expired."
                    : "Excluded by auth.order for this provider."));
        }

        if (!anyOfAnthropic && setup.FallbackKey is { } loose && options.ProfileIds.IsEmpty && options.Provider is "" or Provider.Anthropic)
            targets.Add(ResultOf(loose, ModelOf(setup)));
        return (told, targets);
    }

    private async Task<ProbeProfilesResponse> ProbeAsync(Agent agent, ProbeProfilesResponse target, ProbeOptions options, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        var (status, error) = await TryAsync(agent, target, options, cancellation);
        var result = Ended(target, status, error);
        result.Latency = Duration.FromTimeSpan(time.GetElapsedTime(start));
        return result;
    }

    private async Task<(ProbeStatus, string)> TryAsync(Agent agent, ProbeProfilesResponse target, ProbeOptions options, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, options.Timeout, Timeout.InfiniteTimeSpan);
        try
        {
            var call = await calls.ReadAsync(InputOf(agent, target, options));
            await using var completion = await gateway.OpenAsync(call, patience.Token);
            while (await completion.ReadAsync())
            {
                while (completion.TryNext(out _))
                {
                    // Only that it comes matters.
                }
            }

            completion.Finish();
            return (ProbeStatus.Ok, "");
        }
        catch (RefusedException refused)
        {
            return (StatusOf(refused.Refusal.Reason), refused.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (ProbeStatus.Timeout, $"No answer within {options.Timeout.TotalSeconds:0.#} s.");
        }
    }

    private static CompletionInput InputOf(Agent agent, ProbeProfilesResponse target, ProbeOptions options)
    {
        var model = target.ProfileId.Length > 0 ? $"{target.Model}@{target.ProfileId}" : target.Model;
        var messages = new MessagesRequest { MaxTokens = options.MaxTokens };
        var message = new Message { Role = Role.User };
        message.Content.Add(new ContentBlock { Text = new TextBlock { Text = Prompt } });
        messages.Messages.Add(message);
        return new CompletionInput { AgentId = agent.Id, Model = model, CacheRetention = CacheRetention.None, Messages = messages };
    }

    private static ProbeStatus StatusOf(RefusalReason reason) => reason switch
    {
        RefusalReason.CredentialRejected or RefusalReason.MissingCredentials or RefusalReason.ProfileUnusable or RefusalReason.OauthRefreshFailed => ProbeStatus.Auth,
        RefusalReason.RateLimited or RefusalReason.PlanExhausted or RefusalReason.Overloaded => ProbeStatus.RateLimit,
        RefusalReason.Billing => ProbeStatus.Billing,
        RefusalReason.TimedOut => ProbeStatus.Timeout,
        RefusalReason.RequestRejected => ProbeStatus.Format,
        _ => ProbeStatus.Unknown,
    };

    private static ProbeProfilesResponse Ended(ProbeProfilesResponse result, ProbeStatus status, string error) =>
        new(result) { Status = status, Error = error };

    private static string ModelOf(AgentSetup setup) => setup.Models.Default.Provider == Provider.Anthropic
        ? setup.Models.Default.Key
        : setup.Models.Fallbacks.FirstOrDefault(model => model.Provider == Provider.Anthropic)?.Key ?? "";

    private static ProbeProfilesResponse ResultOf(Profile profile, string provider, string model) => new()
    {
        Provider = provider,
        Model = model,
        ProfileId = profile.Id,
        Label = profile.Credential.Email is { } email ? $"{profile.Id} ({email})" : profile.Id,
        Source = "profile",
        Type = profile.Credential switch
        {
            ApiKeyCredential => CredentialType.ApiKey,
            TokenCredential => CredentialType.Token,
            _ => CredentialType.Oauth,
        },
    };

    private static ProbeProfilesResponse ResultOf(FallbackKey key, string model) => new()
    {
        Provider = Provider.Anthropic,
        Model = model,
        Label = key.Source.StartsWith("env", StringComparison.Ordinal) ? "env" : key.Source,
        Source = key.Source.StartsWith("env", StringComparison.Ordinal) ? "env" : key.Source,
        Type = CredentialType.ApiKey,
    };
}
