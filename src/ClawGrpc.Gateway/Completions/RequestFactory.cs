using ClawGrpc.Core;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Upstream;

namespace ClawGrpc.Gateway.Completions;

/// <summary>
/// Makes the bytes and headers of each attempt. The body is the same for all credentials of a kind, so it is rendered once for
/// them.
/// </summary>
internal sealed class RequestFactory(RequestBody body, CompletionRequest request, AgentSetup setup)
{
    // Room for a long answer, and below every model's own limit.
    private const int DefaultMaxTokens = 8192;

    private readonly List<Rendered> _rendered = new(1);

    // Upstream warms a cache only for a request that does not stream (anthropic-api.md, section 1.2); all others do.
    private bool Streams => body.MaxTokens != 0;

    /// <summary>Whether the caller's own <c>stream</c> is true.</summary>
    public bool CallerStreams => body.Stream;

    public UpstreamRequest Prepare(string model, Secret credential)
    {
        var parameters = ParametersOf(model);
        var rendered = RenderedFor(model, RequestHeaders.IsBearer(credential), parameters);
        var headers = RequestHeaders.Build(Headers(credential, parameters, Streams, rendered.Plan.HasOneHour, rendered.Settings));
        return new UpstreamRequest(setup.MessagesUrl, headers, rendered.Body)
        {
            Credential = credential,
            Cache = rendered.Plan,
        };
    }

    /// <summary>
    /// What a completion by this model may come to: text has fewer tokens than a third of its bytes as a rule, and an answer at
    /// most those that it may have.
    /// </summary>
    public SpendingEstimate EstimateFor(string model)
    {
        var input = body.Json.Length / 3L;
        long output = body.MaxTokens ?? ParametersOf(model).MaxTokens ?? DefaultMaxTokens;
        var price = setup.Prices.Find(model, model);
        var nanos = price is null ? null : (long?)((((Int128)input * price.Input) + ((Int128)output * price.Output)) / 1000);
        return new SpendingEstimate(nanos, input + output);
    }

    /// <summary>The request that counts the prompt. Breakpoints of policy do not change the count and are left out.</summary>
    public UpstreamRequest PrepareCount(string model, Secret credential)
    {
        var own = CachePolicy.Plan(body, new CacheSettings { Call = Retention.None });
        var parameters = ParametersOf(model);
        var settings = SettingsOf(model, RequestHeaders.IsBearer(credential), parameters);
        var headers = RequestHeaders.Build(Headers(credential, parameters, stream: false, own.HasOneHour, settings));
        return new UpstreamRequest(setup.CountUrl, headers, body.RenderForCount(model)) { Credential = credential };
    }

    private Rendered RenderedFor(string model, bool bearer, ModelParameters parameters)
    {
        foreach (var rendered in _rendered)
        {
            if (rendered.Model == model && rendered.Bearer == bearer)
                return rendered;
        }

        var settings = SettingsOf(model, bearer, parameters);
        var plan = CachePolicy.Plan(body, settings);
        var bytes = body.Render(
            request.IsVerbatim
                ? new RequestDecisions(model, Streams, null, plan)
                : new RequestDecisions(model, Streams, parameters.MaxTokens ?? DefaultMaxTokens, plan, parameters.Temperature));
        _rendered.Add(new Rendered(model, bearer, bytes, plan, settings));
        return _rendered[^1];
    }

    private RequestHeaderInput Headers(
        Secret credential, ModelParameters parameters, bool stream, bool hasOneHour, CacheSettings cache) => new()
        {
            Credential = credential,
            ProductVersion = ProductVersion.Text,
            AnthropicVersion = request.AnthropicVersion.Length > 0 ? request.AnthropicVersion : AnthropicVersion.Default,
            Stream = stream,
            Betas = parameters.AnthropicBeta.IsEmpty ? request.Betas : [.. request.Betas, .. parameters.AnthropicBeta],
            Configured = setup.Headers,
            Forwarded = request.Headers,
            CallerFirst = request.IsVerbatim,
            HasOneHour = hasOneHour,
            ExtendedCacheTtl = setup.ExtendedCacheTtl,
            Cache = cache,
        };

    private ModelParameters ParametersOf(string model) =>
        setup.ModelParameters.IsEmpty ? setup.Parameters : setup.Parameters.Over(OfModel(model));

    private ModelParameters OfModel(string model) => setup.ModelParameters.IsEmpty
        ? ModelParameters.None
        : setup.ModelParameters.GetValueOrDefault($"{Provider.Anthropic}/{model}", ModelParameters.None);

    private CacheSettings SettingsOf(string model, bool bearer, ModelParameters parameters) => new()
    {
        Call = request.Retention,
        Agent = setup.Parameters.Retention,
        Model = OfModel(model).Retention,
        Default = setup.DefaultRetention,
        IsSubscription = bearer,
        CacheOnSubscription = parameters.CacheOnSubscription ?? false,
    };

    private sealed record Rendered(string Model, bool Bearer, ReadOnlyMemory<byte> Body, CachePlan Plan, CacheSettings Settings);
}
