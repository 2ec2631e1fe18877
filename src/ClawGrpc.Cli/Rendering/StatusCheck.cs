using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>The exit code of <c>models status --check</c> (openclaw-spec.md §7.3).</summary>
internal static class StatusCheck
{
    /// <summary>1: a credential that can expire is expired or missing, or a provider in use has none. 2: one is expiring. Otherwise 0:
    /// cooldowns end by themselves and do not matter.</summary>
    public static int ExitCode(AgentStatus status)
    {
        var auth = status.Auth ?? new AuthStatus();
        var expiries = auth.Profiles.Where(profile => profile.Type != CredentialType.ApiKey).Select(profile => profile.Expiry).ToList();
        if (auth.MissingProvidersInUse.Count > 0 || expiries.Exists(expiry => expiry is ExpiryState.Expired or ExpiryState.Missing)) return 1;
        return expiries.Contains(ExpiryState.Expiring) ? 2 : 0;
    }
}
