using System.Collections.Immutable;

namespace ClawGrpc.Core.Routing;

/// <summary>For how long failures set aside (<c>auth.cooldowns</c> of the configuration).</summary>
internal sealed record HealthRules
{
    /// <summary>The ladder of OpenClaw 2026.1 and 2026.2, Clawdbot and openclaw-cn (openclaw-spec.md, section 5.3).</summary>
    public static readonly HealthRules OpenClaw20261 = new() { Ladder = [Minutes(1), Minutes(5), Minutes(25), Minutes(60)] };

    /// <summary>The ladder of OpenClaw 2026.9 (openclaw-spec.md, section 5b).</summary>
    public static readonly HealthRules OpenClaw20269 = new() { Ladder = [TimeSpan.FromSeconds(30), Minutes(1), Minutes(5)] };

    /// <summary>The first failure's time, the second's and so on; the last stands for all further ones. Never empty.</summary>
    public ImmutableArray<TimeSpan> Ladder { get; init; } = [];

    /// <summary>The time of the first billing failure (<c>billingBackoffHours</c>); it doubles with each further one.</summary>
    public TimeSpan BillingBackoff { get; init; } = TimeSpan.FromHours(5);

    /// <summary>Billing never sets aside for longer (<c>billingMaxHours</c>).</summary>
    public TimeSpan BillingMax { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A failure after this long without one counts as the first (<c>failureWindowHours</c>).</summary>
    public TimeSpan FailureWindow { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The time of the n-th failure.</summary>
    /// <param name="count">From 1.</param>
    public TimeSpan Step(int count) => Ladder[Math.Clamp(count - 1, 0, Ladder.Length - 1)];

    /// <summary>The time of the n-th billing failure (openclaw-spec.md, section 5.3).</summary>
    /// <param name="count">From 1.</param>
    public TimeSpan BillingStep(int count)
    {
        var first = BillingBackoff < Minutes(1) ? Minutes(1) : BillingBackoff;
        var most = BillingMax < first ? first : BillingMax;
        var doubled = first * Math.Pow(2, Math.Clamp(count - 1, 0, 10));
        return doubled < most ? doubled : most;
    }

    private static TimeSpan Minutes(int minutes) => TimeSpan.FromMinutes(minutes);
}
