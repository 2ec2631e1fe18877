using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>
/// What replicas do while the database cannot be used. A cluster of its own: it is stopped.
/// </summary>
public sealed class DatabaseAwayTests : IDisposable
{
    private readonly PostgresCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [NeedsPostgresFact]
    public async Task Completions_go_on_nothing_is_changed_and_all_is_made_up_for()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 2);
        await set[0].OnboardAsync(One, KeyOne);
        await set[0].OnboardAsync(Two, KeyTwo);
        await ServerFixture.EventuallyAsync(async () => (await set[1].StatusAsync()).Auth.Profiles.Count == 2);
        Assert.Contains("anthropic:", await set[1].CompleteAsync(), StringComparison.Ordinal);

        _cluster.Stop();
        set.Sandbox.Script(Faults.Status(402).ForKey(KeyOne).Forever());
        for (var call = 0; call < 20; call++)
            Assert.Equal(Two, await set[call % 2].CompleteAsync());
        var failure = await CallFailure.OfAsync(() => set[0].OnboardAsync("anthropic:three", KeyTwo));
        Assert.Equal((StatusCode.Unavailable, "STORE_UNAVAILABLE"), (failure.Code, failure.Reason));
        Assert.NotNull(failure.RetryDelay);
        await ServerFixture.EventuallyAsync(async () => (await set[0].StatusAsync()).ConfigurationWarnings.Any(
            warning => warning.Reason.Contains("degraded since", StringComparison.Ordinal)));
        var usage = await CallFailure.OfAsync(async () => await set[0].Models.GetUsageAsync(new GetUsageRequest()));
        Assert.Equal((StatusCode.Unavailable, "STORE_UNAVAILABLE"), (usage.Code, usage.Reason));

        _cluster.Start();
        await ServerFixture.EventuallyAsync(async () => (await set[0].StatusAsync()).ConfigurationWarnings.Count == 0);
        await ServerFixture.EventuallyAsync(async () => (await Task.WhenAll(set.Servers.Select(
            async server => (await server.StatusAsync()).Auth.Profiles.Single(profile => profile.ProfileId == One).ErrorCount)))
            is [1, 1]);
        await ServerFixture.EventuallyAsync(
            () => Task.FromResult(set.Query("SELECT sum(completions) FROM clawgrpc.usage") == "21"));
        await set[1].OnboardAsync("anthropic:three", KeyTwo);
    }

    [NeedsPostgresFact]
    public async Task Replica_whose_clock_is_wrong_decides_as_the_others_and_says_so()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1);
        var ahead = await set.AddAsync(new AheadTime(TimeSpan.FromMinutes(5)));
        await set[0].OnboardAsync(One, KeyOne);
        await ServerFixture.EventuallyAsync(async () => await ahead.CompleteAsync() == One);
        set.Sandbox.Script(Faults.Status(402).Forever());
        await ahead.CompleteAsync();
        await ServerFixture.EventuallyAsync(async () => (await set[0].StatusAsync()).Auth.UnusableProfiles.Count == 1);
        var times = new[] { await set[0].StatusAsync(), await ahead.StatusAsync() }
            .Select(status => status.Auth.UnusableProfiles.Single().RecoverTime).ToList();
        Assert.Equal(times[0], times[1]);
        Assert.InRange(
            times[0].ToDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.FromHours(4.9), TimeSpan.FromHours(5.02));
        Assert.Contains((await ahead.StatusAsync()).ConfigurationWarnings, warning => warning.Reason.Contains(
            "ahead of that of the database", StringComparison.Ordinal));
        Assert.Empty((await set[0].StatusAsync()).ConfigurationWarnings);
    }

    private sealed class AheadTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
