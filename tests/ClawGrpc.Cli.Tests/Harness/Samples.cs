using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Tests.Harness;

/// <summary>Messages with all fields set.</summary>
internal static class Samples
{
    /// <summary>A status with every member that OpenClaw's does not have.</summary>
    public static AgentStatus Rich(DateTimeOffset now)
    {
        var status = new AgentStatus
        {
            AgentId = "main",
            Revision = 12,
            ChangeTime = At(now, -1),
            ConfigPath = "/srv/u/.clawgrpc/clawgrpc.json",
            AgentDir = "/srv/u/.clawgrpc/agents/main/agent",
            DefaultModel = "opus",
            ResolvedDefault = "anthropic/claude-opus-4-6",
            Auth = Auth(now),
            Usage = Summary(),
        };
        status.ModelUsages.Add(new ModelUsage { Model = "anthropic/claude-opus-4-6", Usage = Summary() });
        status.Aliases.Add("opus", "anthropic/claude-opus-4-6");
        status.AllowedModels.Add("anthropic/claude-opus-4-6");
        status.Fallbacks.Add("anthropic/claude-sonnet-4-5");
        status.ConfigurationErrors.Add(new ConfigurationError
        {
            Path = "/srv/u/.clawgrpc/clawgrpc.json",
            Line = 3,
            Column = 14,
            KeyPath = "auth.cooldowns.billingMaxHours",
            Reason = "must be a number > 0",
        });
        return status;
    }

    private static AuthStatus Auth(DateTimeOffset now)
    {
        var auth = new AuthStatus
        {
            StorePath = "/srv/u/.clawgrpc/agents/main/agent/auth-profiles.json",
            WarnAfter = Duration.FromTimeSpan(TimeSpan.FromDays(1)),
        };
        auth.Profiles.Add(WorkProfile(now));
        auth.Profiles.Add(new ProfileStatus
        {
            ProfileId = "anthropic:sub",
            Provider = "anthropic",
            Type = CredentialType.Token,
            Expiry = ExpiryState.Expiring,
            ExpireTime = At(now, 7200),
            Source = "store",
            Label = "anthropic:sub",
        });
        auth.ProviderExpiries.Add(new ProviderExpiry
        {
            Provider = "anthropic",
            Expiry = ExpiryState.Expiring,
            ExpireTime = At(now, 7200),
        });
        auth.ProvidersWithOauth.Add("anthropic (1)");
        AddUnusable(auth, now);
        auth.Providers.Add(Provider());
        return auth;
    }

    private static ProfileStatus WorkProfile(DateTimeOffset now)
    {
        var profile = new ProfileStatus
        {
            ProfileId = "anthropic:work",
            Provider = "anthropic",
            Type = CredentialType.ApiKey,
            Expiry = ExpiryState.Static,
            Source = "store",
            Label = "anthropic:work (me@example.com)",
            LastUsedTime = At(now, -60),
            LastFailureTime = At(now, -30),
            ErrorCount = 2,
            Usage = Summary(),
        };
        profile.RateLimits.Add(new RateLimitWindow
        {
            Name = "requests",
            Limit = 50,
            Remaining = 0,
            ResetTime = At(now, 25),
            SeenTime = At(now, -30),
        });
        profile.RateLimits.Add(new RateLimitWindow
        {
            Name = "unified-5h",
            State = "allowed",
            Utilization = 0.75,
            SeenTime = At(now, -30),
        });
        return profile;
    }

    private static void AddUnusable(AuthStatus auth, DateTimeOffset now)
    {
        auth.UnusableProfiles.Add(new UnusableProfile
        {
            ProfileId = "anthropic:work",
            Provider = "anthropic",
            Kind = "cooldown",
            Reason = "rate_limit",
            RecoverTime = At(now, 25),
            Model = "anthropic/claude-opus-4-6",
            RecoveryHint = "Wait for the end of the cooldown.",
        });
        auth.UnusableProfiles.Add(new UnusableProfile
        {
            ProfileId = "anthropic:sub",
            Provider = "anthropic",
            Kind = "disabled",
            Reason = "auth",
            RecoveryHint = "Onboard a new credential.",
        });
    }

    private static ProviderStatus Provider()
    {
        var provider = new ProviderStatus
        {
            Provider = "anthropic",
            EffectiveKind = "profiles",
            EffectiveDetail = "~/.clawgrpc/agents/main/agent/auth-profiles.json",
            ProfileCount = 2,
            TokenCount = 1,
            ApiKeyCount = 1,
            EnvValue = "sk-ant-a...00000009",
            EnvSource = "env: ANTHROPIC_API_KEY",
        };
        provider.Labels.Add(["anthropic:work=sk-ant-a...00000001", "anthropic:sub=token:sk-ant-o...00000001"]);
        return provider;
    }

    /// <summary>The receipt of a completion that failed over once.</summary>
    public static Receipt Receipt(DateTimeOffset now)
    {
        var receipt = new Receipt
        {
            CompletionId = "cmp_1",
            AgentId = "main",
            SessionId = "s1",
            Model = "anthropic/claude-opus-4-6",
            ProfileId = "anthropic:work",
            RequestId = "req_2",
            StopReason = "end_turn",
            StartTime = At(now, -2),
            TimeToFirstEvent = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(410)),
            Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(1930)),
            StatusRevision = 12,
            Sent = new SentRequest { Url = "https://api.anthropic.com/v1/messages", BodyBytes = 321 },
            Usage = new Usage
            {
                InputTokens = 12,
                OutputTokens = 34,
                CacheCreationInputTokens = 100,
                CacheReadInputTokens = 200,
                CacheCreation1HInputTokens = 100,
            },
            Cache = new CacheReceipt { Requested = CacheRetention.Long, RequestedBy = "call", Applied = CacheRetention.Long },
            Cost = Cost(),
        };
        receipt.Attempts.Add(new Attempt
        {
            ProfileId = "anthropic:default",
            Model = "anthropic/claude-opus-4-6",
            Outcome = AttemptOutcome.Failed,
            Failure = FailureKind.RateLimited,
            HttpStatus = 429,
            ErrorType = "rate_limit_error",
            ErrorCode = "ramp_limit_exceeded",
            Message = "This request would exceed your rate limit.",
            RequestId = "req_1",
            StartTime = At(now, -2),
            Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(90)),
            RecoverTime = At(now, 28),
        });
        receipt.Attempts.Add(new Attempt
        {
            ProfileId = "anthropic:work",
            Model = "anthropic/claude-opus-4-6",
            Outcome = AttemptOutcome.Served,
            HttpStatus = 200,
            RequestId = "req_2",
            StartTime = At(now, -1.9),
            Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(320)),
        });
        receipt.Sent.Headers.Add(new Header { Name = "anthropic-version", Value = "2023-06-01" });
        receipt.Sent.Headers.Add(new Header { Name = "x-api-key", Value = "sk-ant-a...00000002" });
        receipt.Cache.Breakpoints.Add(new CacheBreakpoint { Path = "system[0]", Ttl = "1h" });
        receipt.Cache.Breakpoints.Add(new CacheBreakpoint { Path = "messages[0].content[0]", Ttl = "5m", FromCaller = true });
        return receipt;
    }

    /// <summary>The cost of the receipt's usage.</summary>
    public static Cost Cost() => new()
    {
        TotalNanoUsd = 2_010_000,
        InputNanoUsd = 60_000,
        OutputNanoUsd = 850_000,
        CacheWrite1HNanoUsd = 1_000_000,
        CacheReadNanoUsd = 100_000,
        CacheSavedNanoUsd = 400_000,
        PriceSource = "2026-11-20",
    };

    /// <summary>The receipt of a plan.</summary>
    public static Receipt Plan(DateTimeOffset now)
    {
        var plan = Receipt(now);
        (plan.CompletionId, plan.RequestId, plan.StopReason) = ("", "", "");
        (plan.Usage, plan.Cost, plan.TimeToFirstEvent, plan.Duration) = (null, null, null, null);
        plan.Attempts[0] = new Attempt
        {
            ProfileId = "anthropic:work",
            Model = "anthropic/claude-opus-4-5",
            Outcome = AttemptOutcome.Skipped,
            Message = "in cooldown: rate_limit",
            RecoverTime = At(now, 28),
        };
        plan.Attempts[1] = new Attempt
        {
            ProfileId = "anthropic:work",
            Model = "anthropic/claude-opus-4-6",
            Outcome = AttemptOutcome.Planned,
        };
        return plan;
    }

    /// <summary>A whole answer.</summary>
    public static Completion Completion() => new()
    {
        Id = "msg_1",
        RawJson = ByteString.CopyFromUtf8(
            """{"id":"msg_1","type":"message","content":[{"type":"text","text":"Hé <b>"}],"unknown":1.50}"""),
    };

    private static UsageSummary Summary() => new()
    {
        Completions = 3,
        Usage = new Usage { InputTokens = 30, OutputTokens = 12, CacheReadInputTokens = 4096 },
        Cost = new Cost
        {
            TotalNanoUsd = 2_498_000,
            InputNanoUsd = 150_000,
            OutputNanoUsd = 300_000,
            CacheReadNanoUsd = 2_048_000,
            CacheSavedNanoUsd = 18_432_000,
        },
        UnpricedCompletions = 1,
    };

    public static Timestamp At(DateTimeOffset now, double seconds) => Timestamp.FromDateTimeOffset(now.AddSeconds(seconds));
}
