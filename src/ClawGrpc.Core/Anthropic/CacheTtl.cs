namespace ClawGrpc.Core.Anthropic;

/// <summary>How long upstream keeps what a breakpoint ends.</summary>
internal enum CacheTtl
{
    /// <summary><c>5m</c>, also when a breakpoint has no ttl.</summary>
    FiveMinutes,

    /// <summary><c>1h</c></summary>
    OneHour,
}
