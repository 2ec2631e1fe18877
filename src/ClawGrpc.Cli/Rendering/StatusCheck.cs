using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>The exit code of <c>models status --check</c> (openclaw-spec.md, section 7.3).</summary>
internal static class StatusCheck
{
    /// <summary>1 if a credential that can expire is expired or missing, or if a provider in use has no credential; else 2 if one
    /// is expiring; else 0. Cooldowns do not matter: they end by themselves.</summary>
    public static int ExitCode(AgentStatus status)
    {
        var auth = status.Auth ?? new AuthStatus();
        var expiries = auth.Profiles.Where(profile => profile.Type != CredentialType.ApiKey)
            .Select(profile => profile.Expiry).ToList();
        if (auth.MissingProvidersInUse.Count > 0
            || expiries.Contains(ExpiryState.Expired) || expiries.Contains(ExpiryState.Missing))
        {
            return 1;
        }

        return expiries.Contains(ExpiryState.Expiring) ? 2 : 0;
    }
}
