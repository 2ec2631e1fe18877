using System.Collections.Immutable;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Pricing;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>A provider of models: <c>models.providers.&lt;id&gt;</c> (openclaw-spec.md, section 2.3).</summary>
/// <param name="Id">As the file names it.</param>
/// <param name="BaseUrl">Where its API is; empty in a file of OpenClaw 2026.9 that does not say.</param>
internal sealed record ProviderConfiguration(string Id, string BaseUrl)
{
    /// <summary>Its key; null if there is none in the file. Comes after profiles and environment.</summary>
    public Secret? ApiKey { get; init; }

    /// <summary>Where its key is kept; null if it stands in the file.</summary>
    public SecretReference? ApiKeyReference { get; init; }

    /// <summary><c>api-key</c>, <c>aws-sdk</c>, <c>oauth</c> or <c>token</c>; null if not set.</summary>
    public string? Auth { get; init; }

    /// <summary>The protocol, such as <c>anthropic-messages</c>; null for the provider's own.</summary>
    public string? Api { get; init; }

    /// <summary>
    /// Headers that go with each request, by name as the file has it: names that differ in case alone are one header, and its
    /// values may add up. They may hold keys.
    /// </summary>
    public ImmutableDictionary<string, Secret> Headers { get; init; } = ImmutableDictionary<string, Secret>.Empty;

    /// <summary>Headers whose values are kept elsewhere.</summary>
    public ImmutableDictionary<string, SecretReference> HeaderReferences { get; init; } =
        ImmutableDictionary<string, SecretReference>.Empty;

    /// <summary>Whether the key goes into an <c>authorization</c> header; null if not set.</summary>
    public bool? AuthHeader { get; init; }

    /// <summary>Its models; empty for the built-in ones.</summary>
    public ImmutableArray<ProviderModel> Models { get; init; } = [];

    /// <summary>
    /// The error that it is unless the configuration allows it: credentials would cross a network unencrypted. Null if they would
    /// not.
    /// </summary>
    public ConfigurationError? CleartextError { get; init; }

    /// <summary>The error for an invalid base URL.</summary>
    public const string NoBaseUrl = "Invalid URL: expected http:// or https:// with a host, and no user, query or fragment";

    /// <summary>The error for a base URL that would have credentials cross a network unencrypted.</summary>
    public const string Cleartext = "Refused: credentials would cross the network unencrypted. Use https://, or set "
        + "clawgrpc.upstream.allowPlaintext: true in clawgrpc.json";

    /// <summary>
    /// Whether requests can go there. What stands before or after host and path would be a secret in a place where none belongs.
    /// </summary>
    /// <param name="text">As written, not normalized.</param>
    public static bool IsBaseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        && url is { Host.Length: > 0, UserInfo: "", Query: "", Fragment: "" };

    internal static ProviderConfiguration? Read(string id, Fields provider)
    {
        var isSent = Provider.Normalize(id) == Provider.Anthropic;
        var baseUrl = BaseUrlOf(provider, isSent);
        var (key, keyReference) = provider.Find("apiKey")?.SecretInput() ?? default;
        var headers = provider.Map("headers", (name, field) => Header.Read(name, field, isSent));
        var read = new ProviderConfiguration(id, baseUrl ?? "")
        {
            ApiKey = key,
            ApiKeyReference = keyReference,
            Auth = provider.OneOf("auth", "api-key", "aws-sdk", "oauth", "token"),
            Api = provider.Text("api"),
            Headers = headers.Aggregate(
                ImmutableDictionary<string, Secret>.Empty,
                (all, header) => header.Value is { } value ? all.SetItem(header.Name, value) : all),
            HeaderReferences = headers.Aggregate(
                ImmutableDictionary<string, SecretReference>.Empty,
                (all, header) => header.Reference is { } reference ? all.SetItem(header.Name, reference) : all),
            AuthHeader = provider.Flag("authHeader"),
            CleartextError = isSent && baseUrl is not null && IsBaseUrl(baseUrl) && UpstreamOrigin.IsCleartext(new Uri(baseUrl))
                ? provider.Find("baseUrl")?.ErrorOf(Cleartext)
                : null,
            Models = provider.AreTheirs && provider.Find("models") is null
                ? []
                : [.. provider.RequiredItems("models").Select(ProviderModel.Read).OfType<ProviderModel>()],
        };

        // Keys of OpenClaw 2026.9.
        provider.Ignore(
            "maxTokens", "timeoutSeconds", "region", "injectNumCtxForOpenAICompat", "params", "agentRuntime", "localService",
            "request");
        provider.RefuseOthers();
        return baseUrl is null ? null : read;
    }

    // OpenClaw 2026.9 needs none. One that is there and wrong is an error in any file: requests would go elsewhere without it.
    private static string? BaseUrlOf(Fields provider, bool isSent)
    {
        if (provider.Find("baseUrl") is not { } field)
            return provider.AreTheirs ? "" : provider.RequiredName("baseUrl");
        if (!isSent)
            return provider.RequiredName("baseUrl");
        if (field.IsRefusedUnless<Json5String>("string") || field.Text() is not { } text)
            return null;
        if (text.Length == 0)
            field.Refuse("Too small: expected string to have >=1 characters");
        else if (!IsBaseUrl(text))
            field.Refuse(NoBaseUrl);
        return text;
    }

    private sealed record Header(string Name, Secret? Value, SecretReference? Reference)
    {
        // Refuses headers that cannot be sent. Only warns of headers that ClawGrpc sets itself, since OpenClaw may use the file
        // too.
        public static Header? Read(string name, Field field, bool isSent)
        {
            var (value, reference) = field.SecretInput();
            if (value is null && reference is null)
                return null;
            if (isSent && RequestHeaders.Problem(name, value?.Reveal() ?? "") is { } problem)
                field.Refuse($"Invalid header: {problem}");
            if (isSent && RequestHeaders.IsOwned(name))
                field.Warn("Ignored: ClawGrpc sets this header itself");
            return new Header(name, value, reference);
        }
    }
}

/// <summary>A model that a provider is configured to have.</summary>
/// <param name="Id">As upstream knows it.</param>
/// <param name="Name">For people.</param>
internal sealed record ProviderModel(string Id, string Name)
{
    /// <summary>How many tokens prompt and answer may have together; null if not set.</summary>
    public double? ContextWindow { get; init; }

    /// <summary>How many tokens an answer may have; null if not set.</summary>
    public double? MaxTokens { get; init; }

    /// <summary>What its tokens cost (<c>cost</c>); null if not set.</summary>
    public ModelPrice? Price { get; init; }

    internal static ProviderModel? Read(Field field)
    {
        if (field.Section() is not { } model)
            return null;

        // Ignores all other keys, which are OpenClaw's: api, reasoning, input, headers, compat and later ones.
        var (id, name) = (model.RequiredName("id"), model.RequiredName("name"));
        var (contextWindow, maxTokens) = (model.PositiveNumber("contextWindow"), model.PositiveNumber("maxTokens"));
        var price = PriceOf(model.Find("cost"));
        return id is null || name is null
            ? null
            : new ProviderModel(id, name) { ContextWindow = contextWindow, MaxTokens = maxTokens, Price = price };
    }

    private static ModelPrice? PriceOf(Field? cost)
    {
        if (cost?.Value is not Json5Object || cost.Section() is not { } prices)
            return null;
        var (input, output) = (PerToken(prices, "input"), PerToken(prices, "output"));
        var (write, read) = (PerToken(prices, "cacheWrite"), PerToken(prices, "cacheRead"));
        if (input is null || output is null)
        {
            if ((input ?? output ?? write ?? read) is not null)
                cost.Warn("Ignored: expected input and output, in US dollars per million tokens");
            return null;
        }

        var price = new ModelPrice("configuration", input.Value, output.Value) { CacheRead = read };
        return write is null ? price : price with { CacheWrite5m = write.Value };
    }

    private static long? PerToken(Fields prices, string name)
    {
        const double most = 1_000_000;
        if (prices.Find(name) is not { } field)
            return null;
        if (field.Value is Json5Number { Value: >= 0 and < most and var price })
            return ModelPrice.PerToken((decimal)price);
        field.Warn("Ignored: expected US dollars per million tokens");
        return null;
    }
}
