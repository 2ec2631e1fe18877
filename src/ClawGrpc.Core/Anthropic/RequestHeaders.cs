using System.Collections.Immutable;

namespace ClawGrpc.Core.Anthropic;

/// <summary>The input for the headers of a request.</summary>
internal sealed record RequestHeaderInput
{
    /// <summary>
    /// The credential. A text that contains <c>sk-ant-oat</c> is sent as a bearer token, any other as an API key
    /// (openclaw-spec.md, section 6.4).
    /// </summary>
    public required Secret Credential { get; init; }

    /// <summary>The product's version, for <c>user-agent</c>.</summary>
    public required string ProductVersion { get; init; }

    /// <summary>As the request was checked against it.</summary>
    public string AnthropicVersion { get; init; } = Anthropic.AnthropicVersion.Default;

    /// <summary>Whether the answer is to be streamed.</summary>
    public bool Stream { get; init; }

    /// <summary>What the caller adds to <c>anthropic-beta</c>.</summary>
    public ImmutableArray<string> Betas { get; init; } = [];

    /// <summary><c>models.providers.anthropic.headers</c> of the configuration, in its order.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Configured { get; init; } = [];

    /// <summary>Headers of the caller that are sent as they are; a configured one of the same name counts more.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Forwarded { get; init; } = [];

    /// <summary>Whether the caller's betas come before those of the configuration.</summary>
    public bool CallerFirst { get; init; }

    /// <summary>Whether any breakpoint of the request asks for one hour.</summary>
    public bool HasOneHour { get; init; }

    /// <summary>When its beta value is sent.</summary>
    public BetaUse ExtendedCacheTtl { get; init; }

    /// <summary>The settings the request's caching was planned with.</summary>
    public CacheSettings Cache { get; init; } = new();
}

/// <summary>A header of a request.</summary>
/// <param name="Name">Lower-case.</param>
/// <param name="Shown">What receipts and logs show: the value, or the mask of a secret or of a configured value.</param>
internal sealed record RequestHeader(string Name, Secret Value, string Shown);

/// <summary>Makes the headers of a request to upstream (anthropic-api.md, section 2.1).</summary>
internal static class RequestHeaders
{
    private const string Beta = "anthropic-beta";
    private const string Bearer = "Bearer ";
    private const int ShortestWithEnds = 24;

    // Headers of the connection, body and credential: a configured value would break the request or send the credential twice.
    private static readonly ImmutableHashSet<string> Owned =
    [
        "authorization", "x-api-key", "host", "content-type", "content-length", "transfer-encoding", "connection", "keep-alive",
        "te", "trailer", "upgrade", "expect", "accept-encoding", "anthropic-version",
    ];

    // The same in every request.
    private static readonly RequestHeader Version = Open("anthropic-version", AnthropicVersion.Default);
    private static readonly RequestHeader Json = Open("content-type", "application/json");
    private static readonly RequestHeader AcceptsJson = Open("accept", "application/json");
    private static readonly RequestHeader AcceptsEvents = Open("accept", "text/event-stream");

    /// <summary>
    /// The headers in the order in which they are sent: exactly one of <c>x-api-key</c> and <c>authorization</c>, never both.
    /// </summary>
    public static ImmutableArray<RequestHeader> Build(RequestHeaderInput input)
    {
        var isBearer = IsBearer(input.Credential);
        var headers = new List<RequestHeader>(8)
        {
            Credential(input.Credential, isBearer),
            input.AnthropicVersion == Anthropic.AnthropicVersion.Default
                ? Version
                : Open("anthropic-version", input.AnthropicVersion),
            Json,
            input.Stream ? AcceptsEvents : AcceptsJson,
            Open("user-agent", $"ClawGrpc/{input.ProductVersion}"),
        };
        foreach (var (name, value) in input.Forwarded)
            headers.Add(Open(name, value));
        foreach (var (name, value) in input.Configured)
        {
            if (IsSent(name, value) && !IsBeta(name))
                Set(headers, Configured(name.ToLowerInvariant(), value.Trim()));
        }

        var configured = input.Configured.Where(header => IsBeta(header.Key) && IsSent(header.Key, header.Value))
            .Select(header => header.Value);
        var betas = AnthropicBeta.Union([
            .. input.CallerFirst ? input.Betas.Concat(configured) : configured.Concat(input.Betas),
            .. AnthropicBeta.OfPolicy(isBearer, input.HasOneHour, input.ExtendedCacheTtl, input.Cache),
        ]);
        if (betas.Length > 0)
            headers.Insert(2, Open(Beta, string.Join(',', betas)));
        return [.. headers];
    }

    /// <summary>Whether the credential is sent as a bearer token: its text decides, not its type.</summary>
    public static bool IsBearer(Secret credential) => credential.Reveal().Contains("sk-ant-oat", StringComparison.Ordinal);

    /// <summary>Why no request can carry a header; null if one can.</summary>
    /// <param name="name">Its name, in any case.</param>
    /// <param name="value">Its value.</param>
    public static string? Problem(string name, string value)
    {
        if (name.Length == 0 || !name.All(IsOfName))
            return "expected a name of letters, digits and !#$%&'*+-.^_`|~";
        return value.Any(letter => letter is < ' ' and not '\t' or > '~')
            ? "expected a value of printable ASCII characters"
            : null;
    }

    /// <summary>Whether ClawGrpc sets a header itself and ignores the configured value.</summary>
    /// <param name="name">Its name, in any case.</param>
    public static bool IsOwned(string name) => Owned.Contains(name.ToLowerInvariant());

    private static bool IsSent(string name, string value) => !IsOwned(name) && Problem(name, value) is null;

    private static bool IsOfName(char letter) =>
        char.IsAsciiLetterOrDigit(letter) || "!#$%&'*+-.^_`|~".Contains(letter, StringComparison.Ordinal);

    private static bool IsBeta(string name) => name.Equals(Beta, StringComparison.OrdinalIgnoreCase);

    private static RequestHeader Credential(Secret credential, bool isBearer)
    {
        // Nothing that could add a header gets here: the credential was checked when it was read.
        var text = HeaderText.Trim(credential.Reveal());
        if (HeaderText.Problem(text, "credential") is { } problem)
            throw new InvalidOperationException(problem);
        return isBearer
            ? new RequestHeader("authorization", new Secret($"{Bearer}{text}"), $"{Bearer}{credential.Mask()}")
            : new RequestHeader("x-api-key", new Secret(text), credential.Mask());
    }

    private static RequestHeader Open(string name, string value) => new(name, new Secret(value), value);

    // No name tells whether a value is a secret, so none is shown; of long ones the ends are, as of keys.
    private static RequestHeader Configured(string name, string value)
    {
        var scheme = value.StartsWith(Bearer, StringComparison.Ordinal) ? Bearer : "";
        var hidden = value[scheme.Length..];
        var shown = hidden.Length < ShortestWithEnds ? "..." : new Secret(hidden).Mask();
        return new RequestHeader(name, new Secret(value), $"{scheme}{shown}");
    }

    private static void Set(List<RequestHeader> headers, RequestHeader header)
    {
        var at = headers.FindIndex(other => other.Name == header.Name);
        if (at < 0)
            headers.Add(header);
        else
            headers[at] = header;
    }
}
