namespace ClawGrpc.Testing;

/// <summary>How a sandbox behaves. Every default is what the Anthropic API does, without waiting.</summary>
public sealed record SandboxOptions
{
    /// <summary>Where to listen: <c>http://ADDRESS:PORT</c>. Port 0 takes a free one.</summary>
    public string Listen { get; init; } = "http://127.0.0.1:0";

    /// <summary>The clock of the cache, of tokens, of delays and of every time in a log or a header.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Credentials with an account of their own choosing; others get one derived from the credential.</summary>
    public IReadOnlyList<SandboxKey> Keys { get; init; } = [];

    /// <summary>
    /// Whether any credential with the prefix of an Anthropic one is good. When false only <see cref="Keys"/> are.
    /// </summary>
    public bool AcceptUnknownKeys { get; init; } = true;

    /// <summary>The script to begin with.</summary>
    public IReadOnlyList<Fault> Faults { get; init; } = [];

    /// <summary>Pause before every event of a stream but the first.</summary>
    public TimeSpan TokenDelay { get; init; }

    /// <summary>Whether answers carry the rate-limit headers. Many recorded ones do not.</summary>
    public bool RateLimitHeaders { get; init; } = true;

    /// <summary>Shortest prefix that is cached, in tokens; null takes each model's own (anthropic-api.md 1.4).</summary>
    public int? MinimumCacheableTokens { get; init; }

    /// <summary>Model ids that exist besides the built-in table.</summary>
    public IReadOnlyList<string> ExtraModels { get; init; } = [];

    /// <summary>Life of an access token that the token endpoint hands out.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromHours(8);

    /// <summary>How many requests the log keeps; the oldest go first.</summary>
    public int KeepRequests { get; init; } = 20_000;

    /// <summary>
    /// Answers as cheaply as possible, for benchmarks: no authentication, validation, faults, cache or log; streams are
    /// rendered once. What a request may ask for stands at <see cref="BenchAnswers"/>.
    /// </summary>
    public bool Bench { get; init; }
}
