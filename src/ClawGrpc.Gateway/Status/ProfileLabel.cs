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
            { SealProblem: null, Reference: null } and TokenCredential => $"token:{MaskOf(profile.Credential)}",
            { SealProblem: null, Reference: null } and not ApiKeyCredential => email is null ? "OAuth" : $"OAuth ({email})",
            var other => MaskOf(other),
        };
        return $"{profile.Id}={shown}{(aside is null ? "" : $" [{StateOf(aside)}{RemainingOf(aside, now)}]")}";
    }

    /// <summary>The secret as it may be shown: its beginning and end, or where it is kept; empty for a login.</summary>
    public static string MaskOf(Credential credential) => credential switch
    {
        { SealProblem: not null } => "sealed",
        { Reference: { } reference } => $"ref({reference.Shown})",
        ApiKeyCredential key => Masked(key.Key),
        TokenCredential token => Masked(token.Token),
        _ => "",
    };

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
