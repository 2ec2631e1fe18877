using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Agents;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;
using Microsoft.Extensions.Caching.Memory;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Upstream's list of models at a time.</summary>
/// <param name="Models">The newest first.</param>
/// <param name="Read">When it was read.</param>
internal sealed record UpstreamModels(ImmutableArray<ListedModel> Models, DateTimeOffset Read);

/// <summary>
/// Asks upstream which models there are, and remembers the answer for a while by what decides it: the URL and the headers, the
/// credential among them. Callers who ask for the same at the same time share one request; failures are not remembered.
/// </summary>
internal sealed class ModelCatalog(Completion completions, AnthropicApi upstream, TimeProvider time) : IDisposable
{
    private const int MostLists = 256;
    private const int MostPages = 20;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    // Short, since the names of the configuration are at hand.
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<AttemptResult<UpstreamModels>>> _underWay = [];
    private readonly MemoryCache _lists = new(new MemoryCacheOptions { SizeLimit = MostLists, Clock = new CacheClock(time) });

    /// <summary>The list for an agent, or the refusal that says why there is none.</summary>
    public Task<CallResult<UpstreamModels>> ReadAsync(Agent agent, AgentSetup setup, CancellationToken cancellation) =>
        completions.AskAsync(new ModelsCall(agent, setup, FetchSharedAsync), cancellation);

    /// <summary>Why a model may not exist or cannot be used, for people; null if it is known.</summary>
    /// <param name="model">The model.</param>
    /// <param name="agent">Whose credentials ask upstream, if nothing here knows it.</param>
    /// <param name="setup">The agent's configuration.</param>
    /// <param name="cancellation">Ends the call.</param>
    public async Task<string?> ProblemOfAsync(
        ModelRef model, Agent agent, AgentSetup setup, CancellationToken cancellation)
    {
        if (setup.Models.Names(model))
            return null;
        if (model.Provider != Provider.Anthropic)
            return $"{model.Key} is a model of {model.Provider}; ClawGrpc serves those of {Provider.Anthropic}.";
        if (setup.ProviderModels.Any(own => own.Id == model.Model)
            || ListPrices.Table.Models.Keys.Any(known => Is(known, model.Model)))
        {
            return null;
        }

        if (setup.ModelsUrl is null)
            return $"{model.Key} is not among the models of the configuration, which replace Anthropic's.";
        return await ReadAsync(agent, setup, cancellation) switch
        {
            CallResult<UpstreamModels>.Served { Result: var list } => list.Models.Any(listed => Is(listed.Id, model.Model))
                ? null
                : $"Neither Anthropic nor the configuration lists {model.Key}.",
            CallResult<UpstreamModels>.Refused { Refusal: var refusal } =>
                $"{model.Key} is not known, and Anthropic's list of models is missing: {refusal.Message}",
            var unknown => throw new InvalidOperationException($"Unknown result {unknown.GetType().Name}."),
        };
    }

    public void Dispose() => _lists.Dispose();

    // An id without its date is another name of the dated one.
    private static bool Is(string listed, string named) => listed == named || Prices.IsSnapshot(listed, named);

    private async Task<AttemptResult<UpstreamModels>> FetchSharedAsync(UpstreamRequest request, Patience patience, TimeSpan limit)
    {
        var key = KeyOf(request);
        Task<AttemptResult<UpstreamModels>>? fetch;
        lock (_gate)
        {
            if (_lists.TryGetValue(key, out UpstreamModels? known))
                return new AttemptResult<UpstreamModels>.Served(known!, "");
            if (!_underWay.TryGetValue(key, out fetch))
                _underWay[key] = fetch = Task.Run(() => RememberedAsync(key, request), CancellationToken.None);
        }

        try
        {
            // A caller that leaves does not take the request from the others.
            patience.Start(limit);
            return await fetch.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            return patience.Caller.IsCancellationRequested ? new AttemptResult<UpstreamModels>.CallerLeft(null) : TimedOut(limit);
        }
        finally
        {
            patience.Stop();
        }
    }

    private async Task<AttemptResult<UpstreamModels>> RememberedAsync(string key, UpstreamRequest request)
    {
        AttemptResult<UpstreamModels>? fetched = null;
        try
        {
            return fetched = await FetchAsync(request);
        }
        finally
        {
            lock (_gate)
            {
                _underWay.Remove(key);
                if (fetched is AttemptResult<UpstreamModels>.Served served)
                {
                    _lists.Set(
                        key, served.Answer, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Lifetime });
                }
            }
        }
    }

    private async Task<AttemptResult<UpstreamModels>> FetchAsync(UpstreamRequest request)
    {
        using var patience = new Patience(time, CancellationToken.None);
        var models = ImmutableArray.CreateBuilder<ListedModel>();
        var (start, after) = (time.GetTimestamp(), "");
        for (var pages = 0; pages < MostPages; pages++)
        {
            var left = LongestRequest - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                return TimedOut(LongestRequest);
            var result = await upstream.FetchAsync(ModelsCall.PageOf(request, after), ModelPage.Read, left, patience);
            if (result is AttemptResult<ModelPage>.Failed { Failure: var failure })
            {
                return failure.Kind == FailureKind.TimedOut
                    ? TimedOut(LongestRequest)
                    : new AttemptResult<UpstreamModels>.Failed(failure);
            }
            var page = ((AttemptResult<ModelPage>.Served)result).Answer;
            models.AddRange(page.Models);
            if (page.After.Length == 0 || page.After == after)
                break;
            after = page.After;
        }

        return new AttemptResult<UpstreamModels>.Served(new UpstreamModels(models.ToImmutable(), time.GetUtcNow()), "");
    }

    private static AttemptResult<UpstreamModels> TimedOut(TimeSpan limit) => new AttemptResult<UpstreamModels>.Failed(
        new UpstreamFailure(FailureKind.TimedOut, $"No list of models came within {limit.TotalSeconds:0.#} s."));

    // A digest, so that no second place holds the credential.
    private static string KeyOf(UpstreamRequest request)
    {
        var text = new StringBuilder(request.Url.ToString());
        foreach (var header in request.Headers)
            text.Append('\n').Append(header.Name).Append(": ").Append(header.Value.Reveal());
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

/// <summary>
/// The list of models. It asks for no model: a credential that is set aside for one model alone may still list them.
/// </summary>
/// <param name="agent">Whose credentials serve.</param>
/// <param name="setup">The configuration as it was when the call came.</param>
/// <param name="fetch">Gets the list, waiting no longer than the time it is given.</param>
internal sealed class ModelsCall(
    Agent agent, AgentSetup setup, Func<UpstreamRequest, Patience, TimeSpan, Task<AttemptResult<UpstreamModels>>> fetch)
    : UpstreamCall<UpstreamModels, UpstreamModels>(agent, setup, new RouteQuestion([""], null, null), "")
{
    private const int PageSize = 1000;

    public override HealthEffect HealthEffect => HealthEffect.None;

    /// <summary>The request of the page behind a model; empty for the first page.</summary>
    public static UpstreamRequest PageOf(UpstreamRequest request, string after) => after.Length == 0
        ? request
        : request with { Url = new Uri($"{request.Url}&after_id={Uri.EscapeDataString(after)}") };

    public override UpstreamRequest Prepare(string model, Secret credential) => new(
        new Uri($"{Setup.ModelsUrl}?limit={PageSize}"),
        RequestHeaders.Build(
            new RequestHeaderInput { Credential = credential, ProductVersion = ProductVersion.Text, Configured = Setup.Headers }),
        default)
    {
        Credential = credential,
        Method = HttpMethod.Get,
    };

    public override Task<AttemptResult<UpstreamModels>> SendAsync(
        AnthropicApi upstream, UpstreamRequest request, Patience patience) =>
        fetch(request, patience, Setup.FirstEvent);

    public override UpstreamModels ResultOf(ServedAttempt<UpstreamModels> attempt) => attempt.Answer;
}
