using ClawGrpc.V1;

namespace ClawGrpc.Cli.Checking;

/// <summary>What the answers of the server show.</summary>
internal static class ServerChecks
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan SlowUpstream = TimeSpan.FromSeconds(3);

    // A login or a signed token is refused when the clocks of both sides are further apart.
    private static readonly TimeSpan LargestSkew = TimeSpan.FromSeconds(30);

    /// <summary>The client that the calls come from, and until when.</summary>
    public static Finding OfCaller(WhoAmIResponse caller, DateTimeOffset now)
    {
        var shown = caller.Shown.Length > 0 ? $"{caller.Proof} {caller.Shown}" : caller.Proof;
        var text = $"client {caller.Client?.Name}, by {shown}";
        if (caller.ExpireTime is not { } end)
            return new Finding(Level.Ok, "Token", text);
        var left = end.ToDateTimeOffset() - now;
        text = $"{text}; it expires in {ShortDuration.Of(left)}";
        return EndsSoon(caller, now)
            ? new Finding(Level.Warning, "Token", text, $"claw clients token rotate {caller.Shown}")
            : new Finding(Level.Ok, "Token", text);
    }

    /// <summary>
    /// Whether the caller's token ends soon. Certificates and signed tokens are short-lived, and renewed by others.
    /// </summary>
    public static bool EndsSoon(WhoAmIResponse caller, DateTimeOffset now) =>
        caller is { Proof: "token", ExpireTime: { } end } && end.ToDateTimeOffset() - now < Soon;

    /// <summary>Where the server listens.</summary>
    public static IEnumerable<Finding> OfListeners(IEnumerable<Listener> listeners, DateTimeOffset now)
    {
        foreach (var listener in listeners)
        {
            var text = $"{listener.Address} ({(listener.Face == ListenerFace.Messages ? "Messages API" : "gRPC")})";
            if (listener.CertificateExpireTime is not { } end)
            {
                yield return new Finding(Level.Ok, "Listener", text);
                continue;
            }

            var left = end.ToDateTimeOffset() - now;
            const string advice = "Put a new certificate in place of the old one; the server reads it by itself.";
            yield return left <= TimeSpan.Zero
                ? new Finding(Level.Problem, "Listener", $"{text}: its certificate has expired", advice)
                : left < Soon
                    ? new Finding(
                        Level.Warning, "Listener", $"{text}: its certificate expires in {ShortDuration.Of(left)}", advice)
                    : new Finding(Level.Ok, "Listener", $"{text}, certificate for {ShortDuration.Of(left)}");
        }
    }

    /// <summary>The clocks: of this machine, of the server, of upstream.</summary>
    /// <param name="server">The answer.</param>
    /// <param name="sent">When it was asked for.</param>
    /// <param name="received">When it came.</param>
    public static Finding OfClock(GetServerResponse server, DateTimeOffset sent, DateTimeOffset received)
    {
        const string advice = "Set the clock of the machine that is wrong, for example: timedatectl set-ntp true";
        var theirs = server.Time.ToDateTimeOffset();
        var apart = theirs < sent ? sent - theirs : theirs > received ? theirs - received : TimeSpan.Zero;
        if (apart > LargestSkew)
            return new Finding(Level.Problem, "Clock", $"{ShortDuration.Of(apart)} between here and the server", advice);
        if (server.Upstream?.Time is not { } upstream)
            return new Finding(Level.Ok, "Clock", "here and at the server the same");
        apart = (theirs - upstream.ToDateTimeOffset()).Duration();
        return apart > LargestSkew
            ? new Finding(Level.Problem, "Clock", $"{ShortDuration.Of(apart)} between the server and upstream", advice)
            : new Finding(Level.Ok, "Clock", "here, at the server and upstream the same");
    }

    /// <summary>Whether upstream can be reached.</summary>
    public static Finding OfUpstream(UpstreamCheck upstream)
    {
        if (upstream.Problem.Length > 0)
        {
            return new Finding(
                Level.Problem, "Upstream", $"{upstream.BaseUrl} cannot be reached: {upstream.Problem}",
                "Check the server's network, its HTTPS_PROXY, and ANTHROPIC_BASE_URL or models.providers.anthropic.baseUrl.");
        }

        var took = upstream.Duration.ToTimeSpan();
        return new Finding(
            took > SlowUpstream ? Level.Warning : Level.Ok, "Upstream",
            FormattableString.Invariant($"{upstream.BaseUrl} answered in {took.TotalMilliseconds:0} ms"));
    }

    /// <summary>The credentials of an agent, and the configuration that it runs with.</summary>
    public static IEnumerable<Finding> OfAgent(AgentStatus status, DateTimeOffset now)
    {
        foreach (var error in status.ConfigurationErrors)
        {
            yield return new Finding(
                Level.Problem, "Configuration", Text(error), "The last good one is in force until it is mended.");
        }

        foreach (var warning in status.ConfigurationWarnings)
            yield return new Finding(Level.Warning, "Configuration", Text(warning));
        var auth = status.Auth ?? new AuthStatus();
        foreach (var provider in auth.MissingProvidersInUse)
        {
            yield return new Finding(
                Level.Problem, "Profiles", $"{status.AgentId}: no credential for {provider}",
                $"claw onboard --agent {status.AgentId}");
        }

        foreach (var profile in auth.Profiles)
        {
            if (OfProfile(status.AgentId, profile, now) is { } finding)
                yield return finding;
        }

        foreach (var aside in auth.UnusableProfiles)
            yield return OfUnusable(status.AgentId, aside, now);
        if (auth.MissingProvidersInUse.Count == 0 && auth.UnusableProfiles.Count == 0)
            yield return new Finding(Level.Ok, "Profiles", $"{status.AgentId}: {Count(auth.Profiles.Count, "profile")}");
    }

    private static string Text(ConfigurationError error)
    {
        var place = error.Line > 0 ? $"{error.Path}:{error.Line}" : error.Path;
        return error.KeyPath.Length > 0 ? $"{place}: {error.KeyPath}: {error.Reason}" : $"{place}: {error.Reason}";
    }

    private static Finding? OfProfile(string agentId, ProfileStatus profile, DateTimeOffset now)
    {
        var advice = profile.Source == "claude-cli"
            ? "claude auth login"
            : $"claw onboard --agent {agentId} --profile-id {profile.ProfileId}";
        var text = $"{agentId}: {profile.ProfileId}";
        return profile.Expiry switch
        {
            ExpiryState.Expired => new Finding(Level.Problem, "Profiles", $"{text} has expired", advice),
            ExpiryState.Missing => new Finding(Level.Problem, "Profiles", $"{text} has no credential", advice),
            ExpiryState.Expiring when profile.ExpireTime is { } end => new Finding(
                Level.Warning, "Profiles", $"{text} expires in {ShortDuration.Of(end.ToDateTimeOffset() - now)}", advice),
            _ => null,
        };
    }

    private static Finding OfUnusable(string agentId, UnusableProfile aside, DateTimeOffset now)
    {
        var what = aside.Model.Length > 0 ? $"{aside.ProfileId} for {aside.Model}" : aside.ProfileId;
        var why = aside.Reason.Length > 0 ? $" ({aside.Reason})" : "";
        var back = aside.RecoverTime is { } end ? $", back in {ShortDuration.Of(end.ToDateTimeOffset() - now)}" : "";
        return new Finding(
            aside.RecoverTime is null ? Level.Problem : Level.Warning, "Profiles",
            $"{agentId}: {what} is set aside{why}{back}", aside.RecoveryHint);
    }

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}
