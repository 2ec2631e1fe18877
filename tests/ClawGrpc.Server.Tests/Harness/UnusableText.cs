using ClawGrpc.V1;

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>What a status says is set aside, as text.</summary>
internal static class UnusableText
{
    /// <summary>
    /// Such as <c>anthropic:one cooldown rate_limit, anthropic/claude-opus-4-6, 60 s</c>; one line each, the soonest first.
    /// </summary>
    public static string Of(
        AgentStatus status, DateTimeOffset now) => string.Join('\n', status.Auth.UnusableProfiles.Select(unusable =>
        $"{unusable.ProfileId} {unusable.Kind} {unusable.Reason}, {(unusable.Model.Length > 0 ? unusable.Model : "all models")}, "
        + (unusable.RecoverTime is { } time ? $"{(time.ToDateTimeOffset() - now).TotalSeconds} s" : "for good")));

    /// <summary>The same of the status now.</summary>
    public static async Task<string> UnusableAsync(this ServerFixture fixture) =>
        Of((await fixture.StatusAsync()), fixture.Time.GetUtcNow());

    public static async Task<AgentStatus> StatusAsync(this ServerFixture fixture, string agent = "") =>
        (await fixture.Models.GetStatusAsync(new GetStatusRequest { AgentId = agent })).Status;
}
