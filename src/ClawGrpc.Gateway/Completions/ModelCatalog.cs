using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;
using Microsoft.Extensions.Caching.Memory;
using Agent = ClawGrpc.Gateway.Agents.Agent;

namespace ClawGrpc.Gateway.Completions;

/// <summary>Upstream's list of models at a time.</summary>
/// <param name="Models">The newest first.</param>
/// <param name="Read">When it was read.</param>
internal sealed record UpstreamModels(ImmutableArray<ListedModel> Models, DateTimeOffset Read);

/// <summary>
/// Asks upstream which models there are, and remembers it for a while. What decides the answer is the key: URL and headers, the credential
/// among them. Callers who ask for the same at the same time wait for one request; only answers are remembered.
/// </summary>
internal sealed class ModelCatalog(Completion gateway, AnthropicApi upstream, TimeProvider time) : IDisposable
{
    private const int MostLists = 256;
    private const int MostPages = 20;
    private const int PageSize = 1000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    // Nobody waits long for names when those of the configuration are at hand.
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task<Tried<UpstreamModels>>> _underWay = [];
    private readonly MemoryCache _lists = new(new MemoryCacheOptions { SizeLimit = MostLists, Clock = new CacheClock(time) });

    /// <summary>The list for an agent, or why there is none.</summary>
    public async Task<(UpstreamModels? Models, string Problem)> ReadAsync(Agent agent, AgentSetup setup, CancellationToken cancellation)
    {
        // Of no model: what is set aside for one alone may still say which there are.
        var call = new Call(agent, setup, new RouteQuestion([""], null, null), "");
        var errand = new Errand<UpstreamModels>((_, credential) => Request(setup, credential, ""), (_, request, stop) => SharedAsync(setup, request, stop), Moves.Nothing);
        try
        {
            return ((await gateway.AskAsync(call, errand, cancellation)).Answer, "");
        }
        catch (RefusedException refused)
        {
            return (null, refused.Message);
        }
    }

    public void Dispose() => _lists.Dispose();

    private Task<Tried<UpstreamModels>> SharedAsync(AgentSetup setup, PreparedRequest request, CancellationToken cancellation)
    {
        var key = KeyOf(request);
        lock (_gate)
        {
            if (_lists.TryGetValue(key, out UpstreamModels? known))
                return Task.FromResult(new Tried<UpstreamModels>(known, null));
            if (!_underWay.TryGetValue(key, out var fetch))
                _underWay[key] = fetch = Task.Run(() => RememberedAsync(key, setup, request), CancellationToken.None);

            // Who leaves does not take the request from the others.
            return fetch.WaitAsync(cancellation);
        }
    }

    private async Task<Tried<UpstreamModels>> RememberedAsync(string key, AgentSetup setup, PreparedRequest request)
    {
        var fetched = default(Tried<UpstreamModels>);
        try
        {
            return fetched = await FetchAsync(setup, request);
        }
        finally
        {
            lock (_gate)
            {
                _underWay.Remove(key);
                if (fetched.Answer is not null)
                    _lists.Set(key, fetched.Answer, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Lifetime });
            }
        }
    }

    private async Task<Tried<UpstreamModels>> FetchAsync(AgentSetup setup, PreparedRequest request)
    {
        using var patience = new CancellationTokenSource(LongestRequest, time);
        var models = ImmutableArray.CreateBuilder<ListedModel>();
        var after = "";
        try
        {
            for (var pages = 0; pages < MostPages; pages++)
            {
                var (page, failure, _) = await upstream.FetchAsync(request with { Url = UrlOf(setup, after) }, ModelPage.Read, patience.Token);
                if (page is null)
                    return new Tried<UpstreamModels>(null, failure);
                models.AddRange(page.Models);
                if (page.After.Length == 0 || page.After == after)
                    break;
                after = page.After;
            }
        }
        catch (OperationCanceledException)
        {
            return new Tried<UpstreamModels>(null, new Core.Routing.UpstreamFailure(
                Core.Routing.FailureKind.TimedOut, $"No list of models came within {LongestRequest.TotalSeconds:0.#} s."));
        }

        return new Tried<UpstreamModels>(new UpstreamModels(models.ToImmutable(), time.GetUtcNow()), null);
    }

    private static PreparedRequest Request(AgentSetup setup, Secret credential, string after) => new(
        UrlOf(setup, after),
        RequestHeaders.Build(new RequestHeaderInput { Credential = credential, ProductVersion = RequestKitchen.Version, Configured = setup.Headers }),
        default)
    {
        Method = HttpMethod.Get,
    };

    private static Uri UrlOf(AgentSetup setup, string after) =>
        new($"{setup.ModelsUrl}?limit={PageSize}{(after.Length > 0 ? $"&after_id={Uri.EscapeDataString(after)}" : "")}");

    // A digest, so that no second place holds the credential.
    private static string KeyOf(PreparedRequest request)
    {
        var text = new StringBuilder(request.Url.ToString());
        foreach (var header in request.Headers)
            text.Append('\n').Append(header.Name).Append(": ").Append(header.Value.Reveal());
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
