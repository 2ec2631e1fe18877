using ClawGrpc.Core;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Status;

/// <summary>A profile on one line, as OpenClaw prints it: <c>anthropic:default=sk-ant-a...00000001 [cooldown 8m]</c>.</summary>
internal static class ProfileLabel
{
    /// <param name="profile">The profile.</param>
    /// <param name="email">Whose login it is; null if not known.</param>
    /// <param name="aside">What sets it aside; null if it is usable.</param>
    /// <param name="now">The time.</param>
    public static string Of(Profile profile, string? email, SetAside? aside, DateTimeOffset now)
    {
        var shown = profile.Credential switch
        {
            { SealProblem: not null } => "sealed",
            { Reference: { } reference } => $"ref({reference.Shown})",
            ApiKeyCredential key => Masked(key.Key),
            TokenCredential token => $"token:{Masked(token.Token)}",
            _ => email is null ? "OAuth" : $"OAuth ({email})",
        };
        return $"{profile.Id}={shown}{(aside is null ? "" : $" [{StateOf(aside)}{RemainingOf(aside, now)}]")}";
    }

    private static string Masked(Secret? secret) => secret?.Mask() ?? "missing";

    private static string StateOf(SetAside aside) => aside switch
    {
        { Disabled: false } => "cooldown",
        { Reason: null } => "disabled",
        _ => $"disabled:{aside.Reason}",
    };

    private static string RemainingOf(SetAside aside, DateTimeOffset now) =>
        aside.Until < ProfileHealth.Never ? $" {ShortDuration.Of(aside.Until - now)}" : "";
}
