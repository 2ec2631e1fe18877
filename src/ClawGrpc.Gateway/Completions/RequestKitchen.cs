using System.Collections.Immutable;
using System.Reflection;
using ClawGrpc.Core;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.V1;
using CacheBreakpoint = ClawGrpc.V1.CacheBreakpoint;

namespace ClawGrpc.Gateway.Completions;

/// <summary>The bytes and headers of one attempt. The body is the same for all credentials of a kind, so it is made once for them.</summary>
internal sealed class RequestKitchen(RequestBody request, CompletionInput input, AgentSetup setup)
{
    public static readonly string Version = typeof(RequestKitchen).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
        .InformationalVersion.Split('+')[0];

    // Room for a long answer, and below every model's own limit.
    private const int DefaultMaxTokens = 8192;

    private readonly List<Made> _made = new(1);

    public PreparedRequest Prepare(string model, Secret credential)
    {
        var parameters = ParametersOf(model);
        var made = MadeFor(model, RequestHeaders.IsBearer(credential), parameters);
        var headers = RequestHeaders.Build(Headers(credential, parameters, Streams, made.Plan.HasOneHour, made.Settings));
        return new PreparedRequest(setup.MessagesUrl, headers, made.Body) { Streams = Streams, Cache = made.Plan };
    }

    /// <summary>The request that counts the prompt. Breakpoints of policy do not change the count and are left out.</summary>
    public PreparedRequest PrepareCount(string model, Secret credential)
    {
        var own = CachePolicy.Plan(request, new CacheSettings { Call = Retention.None });
        var parameters = ParametersOf(model);
        var headers = RequestHeaders.Build(
            Headers(credential, parameters, stream: false, own.HasOneHour, SettingsOf(model, RequestHeaders.IsBearer(credential), parameters)));
        return new PreparedRequest(setup.CountUrl, headers, request.RenderForCount(model));
    }

    // Upstream warms a cache only for a request that does not stream (anthropic-api.md, section 1.2); all others do.
    private bool Streams => request.MaxTokens != 0;

    private Made MadeFor(string model, bool bearer, ModelParameters parameters)
    {
        foreach (var made in _made)
        {
            if (made.Model == model && made.Bearer == bearer)
                return made;
        }

        var settings = SettingsOf(model, bearer, parameters);
        var plan = CachePolicy.Plan(request, settings);
        var body = request.Render(new RequestDecisions(model, Streams, parameters.MaxTokens ?? DefaultMaxTokens, plan, parameters.Temperature));
        _made.Add(new Made(model, bearer, body, plan, settings));
        return _made[^1];
    }

    private RequestHeaderInput Headers(Secret credential, ModelParameters parameters, bool stream, bool hasOneHour, CacheSettings cache) => new()
    {
        Credential = credential,
        ProductVersion = Version,
        AnthropicVersion = input.AnthropicVersion.Length > 0 ? input.AnthropicVersion : AnthropicVersion.Default,
        Stream = stream,
        Betas = [.. input.Betas, .. parameters.AnthropicBeta],
        Configured = setup.Headers,
        HasOneHour = hasOneHour,
        ExtendedCacheTtl = setup.ExtendedCacheTtl,
        Cache = cache,
    };

    private ModelParameters ParametersOf(string model) => setup.ModelParameters.IsEmpty ? setup.Parameters : setup.Parameters.Over(OfModel(model));

    private ModelParameters OfModel(string model) =>
        setup.ModelParameters.IsEmpty ? ModelParameters.None : setup.ModelParameters.GetValueOrDefault($"{Provider.Anthropic}/{model}", ModelParameters.None);

    private CacheSettings SettingsOf(string model, bool bearer, ModelParameters parameters) => new()
    {
        Call = input.CacheRetention switch
        {
            CacheRetention.None => Retention.None,
            CacheRetention.Short => Retention.Short,
            CacheRetention.Long => Retention.Long,
            _ => null,
        },
        Agent = setup.Parameters.Retention,
        Model = OfModel(model).Retention,
        Default = setup.DefaultRetention,
        IsSubscription = bearer,
        CacheOnSubscription = parameters.CacheOnSubscription ?? false,
    };

    private sealed record Made(string Model, bool Bearer, ReadOnlyMemory<byte> Body, CachePlan Plan, CacheSettings Settings);
}

/// <summary>A request that is ready to be sent.</summary>
internal sealed record PreparedRequest(Uri Url, ImmutableArray<RequestHeader> Headers, ReadOnlyMemory<byte> Body)
{
    private const string Scheme = "Bearer ";
    private const int ShortestSecret = 6;

    public HttpMethod Method { get; init; } = HttpMethod.Post;

    /// <summary>Whether the answer is to come as events.</summary>
    public bool Streams { get; init; }

    /// <summary>What the cache policy did; null: it has no say in this request.</summary>
    public CachePlan? Cache { get; init; }

    /// <summary>What the answer is to be.</summary>
    public string MediaType => Streams ? "text/event-stream" : "application/json";

    /// <summary>A text of upstream's, which may repeat what it was given, with every secret of this request masked.</summary>
    public string WithoutSecrets(string text)
    {
        foreach (var header in Headers)
        {
            var value = header.Value.Reveal();
            var skip = value.StartsWith(Scheme, StringComparison.Ordinal) ? Scheme.Length : 0;

            // Fewer characters than these are no secret, and stand in any text.
            if (header.Shown != value && value.Length - skip >= ShortestSecret)
                text = text.Replace(value[skip..], header.Shown[skip..], StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>What an answer to it cost.</summary>
    /// <param name="usage">What upstream counted.</param>
    /// <param name="model">The model that served.</param>
    /// <param name="asked">The model that was asked for.</param>
    /// <param name="prices">The prices.</param>
    public Core.Pricing.Cost CostOf(UsageCount usage, string model, string asked, Core.Pricing.Prices prices) =>
        Core.Pricing.Cost.Of(usage, model, asked, Cache?.HasOneHour == true, prices);

    public void WriteTo(Receipt receipt)
    {
        receipt.Sent = new SentRequest { Url = Url.ToString(), BodyBytes = Body.Length };
        foreach (var header in Headers)
            receipt.Sent.Headers.Add(new Header { Name = header.Name, Value = header.Shown });
        if (Cache is null)
            return;
        receipt.Cache = new CacheReceipt
        {
            Requested = RetentionOf(Cache.Requested),
            RequestedBy = Cache.RequestedBy,
            Applied = RetentionOf(Cache.Applied),
            Reason = Cache.Reason,
        };
        foreach (var breakpoint in Cache.Breakpoints)
        {
            receipt.Cache.Breakpoints.Add(new CacheBreakpoint
            {
                Path = breakpoint.Path,
                Ttl = breakpoint.Ttl == CacheTtl.OneHour ? "1h" : "5m",
                FromCaller = breakpoint.FromCaller,
            });
        }
    }

    private static CacheRetention RetentionOf(Retention? retention) => retention switch
    {
        Retention.None => CacheRetention.None,
        Retention.Short => CacheRetention.Short,
        Retention.Long => CacheRetention.Long,
        _ => CacheRetention.Unspecified,
    };
}
