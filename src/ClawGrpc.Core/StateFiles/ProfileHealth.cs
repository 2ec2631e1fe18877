using System.Collections.Immutable;

namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// Failures of a profile and the end of its cooldowns, as <c>usageStats</c> holds them (openclaw-spec.md, section 1.3),
/// with the routes beside them: most failures set aside one model of a profile only, and the file's own timers know no models.
/// </summary>
internal sealed record ProfileHealth
{
    /// <summary>Never failed, never served.</summary>
    public static readonly ProfileHealth Unknown = new();

    /// <summary>The end of a timer that ends by nothing but a new credential, a reset or a successful probe.</summary>
    public static readonly DateTimeOffset Never = DateTimeOffset.FromUnixTimeMilliseconds(253_402_300_799_999);

    /// <summary>When it last served; null if never. Round robin goes by it.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>The whole profile is set aside until then; null if it is not. Usable again when equal to now.</summary>
    public DateTimeOffset? CooldownUntil { get; init; }

    /// <summary>Why <see cref="CooldownUntil"/>; null if unknown.</summary>
    public string? CooldownReason { get; init; }

    /// <summary>The whole profile is set aside for long until then, or <see cref="Never"/>; null if it is not.</summary>
    public DateTimeOffset? DisabledUntil { get; init; }

    /// <summary>Why <see cref="DisabledUntil"/>, such as <c>billing</c> or <c>auth</c>; null if unknown.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>Failures since the last success; at least 0.</summary>
    public int ErrorCount { get; init; }

    /// <summary>The same by reason, such as <c>rate_limit</c>.</summary>
    public ImmutableSortedDictionary<string, int> FailureCounts { get; init; } =
        ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);

    /// <summary>When it last failed; null if never.</summary>
    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Model (<c>provider/model</c>) to the health of that route; a route that never failed is absent.</summary>
    public ImmutableSortedDictionary<string, RouteHealth> Routes { get; init; } =
        ImmutableSortedDictionary.Create<string, RouteHealth>(StringComparer.Ordinal);
}

/// <summary>Failures of one profile with one model, and the end of its cooldown.</summary>
/// <param name="CooldownUntil">Set aside until then; null if it is not. Usable again when equal to now.</param>
/// <param name="Reason">Why, such as <c>rate_limit</c>.</param>
/// <param name="ErrorCount">Bursts of failures since the last success; at least 1.</param>
/// <param name="LastFailureAt">When it last failed.</param>
internal sealed record RouteHealth(DateTimeOffset? CooldownUntil, string Reason, int ErrorCount, DateTimeOffset LastFailureAt);
