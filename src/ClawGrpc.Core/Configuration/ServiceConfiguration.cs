using System.Collections.Immutable;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Configuration;

/// <summary>When the beta <c>extended-cache-ttl-2025-04-11</c> is sent (openclaw-spec.md, section 0).</summary>
internal enum ExtendedCacheTtlBeta
{
    /// <summary>With an API key, whenever the request has a time to live of one hour.</summary>
    WhenNeeded,

    /// <summary>With every request.</summary>
    Always,

    /// <summary>Only when the caller or a header of the configuration asks for it.</summary>
    Never,
}

/// <summary>ClawGrpc's own section, <c>clawgrpc</c>: what no generation of OpenClaw has a key for.</summary>
internal sealed record ServiceConfiguration
{
    /// <summary>Nothing configured.</summary>
    public static readonly ServiceConfiguration Default = new();

    private const int Megabyte = 1024 * 1024;

    /// <summary><c>clawgrpc.extendedCacheTtlBeta</c>: <c>always</c>, <c>when-needed</c> or <c>never</c>.</summary>
    public ExtendedCacheTtlBeta ExtendedCacheTtlBeta { get; init; }

    /// <summary><c>clawgrpc.subscriptions.enabled</c>: whether setup-tokens and OAuth logins may serve at all.</summary>
    public bool Subscriptions { get; init; } = true;

    /// <summary><c>clawgrpc.oauth</c>: where OAuth logins are refreshed; null if nowhere.</summary>
    public OAuthConfiguration? OAuth { get; init; }

    /// <summary><c>clawgrpc.seal</c>: the keys that secrets are sealed with; null if not set.</summary>
    public SealConfiguration? Seal { get; init; }

    /// <summary>
    /// <c>clawgrpc.upstream.allowPlaintext</c>: whether credentials may cross a network unencrypted, to an <c>http://</c>
    /// upstream that is not on this machine.
    /// </summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>
    /// <c>clawgrpc.timeouts.firstEventSeconds</c>: how long upstream may take until the first content; up to an hour.
    /// </summary>
    public TimeSpan FirstEvent { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>clawgrpc.timeouts.idleSeconds</c>: how long upstream may send no event but pings; up to an hour.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary><c>clawgrpc.limits.attempts</c>: how many routes one completion may try; up to 100.</summary>
    public int Attempts { get; init; } = 8;

    /// <summary>
    /// <c>clawgrpc.limits.answerMegabytes</c>: how long an answer may be that is collected before it is given; up to 1024 MB.
    /// </summary>
    public int AnswerBytes { get; init; } = 64 * Megabyte;

    /// <summary>
    /// <c>clawgrpc.limits.requestsMegabytes</c>: how much the large requests that are under way may take together; up to 1 TB.
    /// </summary>
    public long RequestsBytes { get; init; } = 256L * Megabyte;

    /// <summary>
    /// <c>clawgrpc.http.subscriptions</c>: whether setup-tokens and logins may serve requests to the Messages API over HTTP.
    /// </summary>
    public bool HttpSubscriptions { get; init; }

    /// <summary><c>clawgrpc.clients</c>: who may call, besides the clients that were created by a command.</summary>
    public ImmutableArray<Client> Clients { get; init; } = [];

    /// <summary><c>clawgrpc.tls</c>: the files of TLS.</summary>
    public TlsConfiguration Tls { get; init; } = TlsConfiguration.None;

    /// <summary><c>clawgrpc.trustDomains</c>: from SPIFFE trust domains to the files of their authorities.</summary>
    public ImmutableSortedDictionary<string, string> TrustDomains { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary><c>clawgrpc.hosts</c>: names by which requests may address the server, besides its own.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary><c>clawgrpc.issuers</c>: who may sign tokens that lead to clients.</summary>
    public ImmutableArray<JwtIssuer> Issuers { get; init; } = [];

    /// <summary><c>clawgrpc.limits.compressedRequests</c>: whether compressed requests are taken.</summary>
    public bool CompressedRequests { get; init; }

    /// <summary>
    /// <c>clawgrpc.replicas.maxStaleness</c>: for how long calls are served while the database is away, such as <c>5m</c>; null:
    /// without an end.
    /// </summary>
    public TimeSpan? MaxStaleness { get; init; }

    internal static ServiceConfiguration Read(Fields service)
    {
        var beta = service.OneOf("extendedCacheTtlBeta", "always", "when-needed", "never");
        var (subscriptions, timeouts, limits) =
            (service.Section("subscriptions"), service.Section("timeouts"), service.Section("limits"));
        var (upstream, http, replicas) = (service.Section("upstream"), service.Section("http"), service.Section("replicas"));
        var read = new ServiceConfiguration
        {
            ExtendedCacheTtlBeta = beta switch
            {
                "always" => ExtendedCacheTtlBeta.Always,
                "never" => ExtendedCacheTtlBeta.Never,
                _ => ExtendedCacheTtlBeta.WhenNeeded,
            },
            Subscriptions = subscriptions?.Flag("enabled") ?? Default.Subscriptions,
            OAuth = service.Section("oauth") is { } oauth ? OAuthSection.Read(oauth) : null,
            Seal = service.Section("seal") is { } seal ? SealConfiguration.Read(seal) : null,
            AllowPlaintext = upstream?.Flag("allowPlaintext") ?? Default.AllowPlaintext,
            FirstEvent = Seconds(timeouts, "firstEventSeconds") ?? Default.FirstEvent,
            Idle = Seconds(timeouts, "idleSeconds") ?? Default.Idle,
            Attempts = Count(limits, "attempts", 100) ?? Default.Attempts,
            AnswerBytes = Count(limits, "answerMegabytes", 1024) * Megabyte ?? Default.AnswerBytes,
            RequestsBytes = Count(limits, "requestsMegabytes", Megabyte) * (long)Megabyte ?? Default.RequestsBytes,
            HttpSubscriptions = http?.OneOf("subscriptions", "allow", "deny") == "allow",
            Clients = service.Sections("clients", (name, section) =>
            {
                var client = ClientSection.Read(name, section);
                section.RefuseOthers();
                return client is null ? null : client with { IsConfigured = true };
            }),
            Tls = service.Section("tls") is { } tls ? TlsSection.Read(tls) : TlsConfiguration.None,
            TrustDomains = TlsSection.TrustDomains(service),
            Hosts = TlsSection.Hosts(service),
            Issuers = IssuerSection.Read(service),
            CompressedRequests = limits?.Flag("compressedRequests") ?? Default.CompressedRequests,
            MaxStaleness = replicas?.Find("maxStaleness")?.Duration(),
        };
        foreach (var section in new[] { subscriptions, upstream, http, replicas, timeouts, limits, service })
            section?.RefuseOthers();
        return read;
    }

    private static TimeSpan? Seconds(Fields? section, string key) =>
        section?.Find(key)?.NumberUpTo(3600) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static int? Count(Fields? section, string key, int most)
    {
        if (section?.Find(key) is not { } field || field.NumberUpTo(most) is not { } number)
            return null;
        if (number == Math.Floor(number))
            return (int)number;
        field.Refuse("Invalid input: expected int, received number");
        return null;
    }
}
