using System.Threading.RateLimiting;
using ClawGrpc.Core.Access;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Access;
using Microsoft.AspNetCore.RateLimiting;

namespace ClawGrpc.Server.Access;

/// <summary>
/// What a client may ask for in a minute and at once. Who is over a limit is refused at once and not queued: a queue would hold
/// the memory of those who wait.
/// </summary>
internal static class ClientRates
{
    private const string Watch = "/clawgrpc.v1.ModelService/WatchStatus";

    public static void Add(IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, Key>(PerMinute),
            PartitionedRateLimiter.Create<HttpContext, Key>(AtOnce));
        limiter.OnRejected = static (rejected, _) =>
            new ValueTask(Answers.RefuseByFaceAsync(rejected.HttpContext, RefusalOf(rejected)));
    });

    /// <summary>Whether the caller of a request has a limit at all.</summary>
    public static bool IsLimited(HttpContext context) => CallerIdentity.Of(context)?.Client.Limits
        is { RequestsPerMinute: not null } or { Completions: not null } or { Watchers: not null };

    private static RateLimitPartition<Key> PerMinute(HttpContext context)
    {
        if (CallerIdentity.Of(context)?.Client is not { Limits.RequestsPerMinute: { } most } client)
            return RateLimitPartition.GetNoLimiter(default(Key));
        return RateLimitPartition.Get(new Key(client.Name, "requests_per_minute", most), static key => new TokenBucketRateLimiter(
            new TokenBucketRateLimiterOptions
            {
                TokenLimit = key.Most,
                TokensPerPeriod = key.Most,
                ReplenishmentPeriod = TimeSpan.FromMinutes(1),
                QueueLimit = 0,
                AutoReplenishment = true,
            }));
    }

    private static RateLimitPartition<Key> AtOnce(HttpContext context)
    {
        if (CallerIdentity.Of(context)?.Client is not { } client)
            return RateLimitPartition.GetNoLimiter(default(Key));
        var (name, limit) = context.GetEndpoint()?.Metadata.GetMetadata<RpcAccess>() switch
        {
            { Scope: Scopes.Complete } => ("completions", client.Limits.Completions),
            _ when context.Request.Path == Watch => ("watchers", client.Limits.Watchers),
            _ => ("", null),
        };
        return limit is not { } most
            ? RateLimitPartition.GetNoLimiter(default(Key))
            : RateLimitPartition.GetConcurrencyLimiter(
                new Key(client.Name, name, most),
                static key => new ConcurrencyLimiterOptions { PermitLimit = key.Most, QueueLimit = 0 });
    }

    private static Refusal RefusalOf(OnRejectedContext rejected)
    {
        var client = CallerIdentity.Of(rejected.HttpContext)!.Client;
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : (TimeSpan?)null;

        // Only the limiter of a minute knows how long to wait.
        var access = rejected.HttpContext.GetEndpoint()?.Metadata.GetMetadata<RpcAccess>();
        var limit = wait is not null ? "requests_per_minute" : access?.Scope == Scopes.Complete ? "completions" : "watchers";
        return AccessRefusals.Limited(client.Name, limit, wait);
    }

    // A changed limit is another limiter; one that is not used any more is forgotten.
    private readonly record struct Key(string Client, string Limit, int Most);
}
