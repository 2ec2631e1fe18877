using System.Threading.RateLimiting;
using ClawGrpc.Core.Access;

namespace ClawGrpc.Server.Access;

/// <summary>
/// Peers whose calls show nothing that leads to a client. Each may do so a number of times in a minute; what comes then is
/// refused another way and not logged. Calls of the same peer that do show something are not held up.
/// </summary>
internal sealed class UnknownPeers : IDisposable
{
    private const int PerMinute = 60;

    private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(
        static peer => RateLimitPartition.GetFixedWindowLimiter(peer, static _ => new FixedWindowRateLimiterOptions
        {
            PermitLimit = PerMinute,
            Window = TimeSpan.FromMinutes(1),
            QueueLimit = 0,
        }));

    /// <summary>Who the peer is, for texts. A Unix socket has no address.</summary>
    public static string PeerOf(HttpContext context) => context.Features.Get<Proof.Peer>() is { } peer
        ? $"user {peer.Uid}"
        : $"{context.Connection.RemoteIpAddress}";

    /// <summary>Counts a failure. False: there were too many.</summary>
    public bool TryCount(string peer)
    {
        using var lease = _limiter.AttemptAcquire(peer);
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();
}
