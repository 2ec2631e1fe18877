using System.Collections.Concurrent;
using System.Diagnostics;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Testing;
using Xunit.Abstractions;

namespace ClawGrpc.Postgres.Tests;

/// <summary>How changes spread: every replica hears of the newest one, in order, and soon.</summary>
[Collection(ClusterFixture.Name)]
public class SpreadTests(ClusterFixture fixture, ITestOutputHelper output)
{
    private const int Agents = 10;
    private static readonly TimeSpan BetweenChanges = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task Every_replica_ends_on_the_newest_revision_and_none_goes_back()
    {
        using var keys = new SealKeys();
        using var folder = new TestFolder();
        var settings = await Replica.PrepareAsync(fixture.Cluster.NewDatabase()) with { MostConnections = 1 };
        var all = new List<Replica>();
        for (var number = 0; number < Runs.Of(few: 3, full: 100); number++)
            all.Add(await Replica.StartAsync(settings, keys, folder: folder));
        var changed = new ConcurrentDictionary<long, long>();
        var delays = new ConcurrentBag<double>();
        using var stopping = new CancellationTokenSource();
        var watches = all.Select(replica => Task.Run(() => WatchAsync(replica, changed, delays, stopping.Token))).ToList();

        var newest = new ConcurrentDictionary<string, long>();
        var (start, span) = (Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(Runs.Of(few: 2, full: 60)));
        using var timer = new PeriodicTimer(BetweenChanges);
        var changes = 0;
        while (Stopwatch.GetElapsedTime(start) < span && await timer.WaitForNextTickAsync())
        {
            var (writer, agent) = (all[changes % all.Count], $"agent{changes % Agents}");
            var number = ++changes;
            await writer.Store.UpdateAsync(
                agent, fresh => [new SetHealth("p", fresh.HealthOf("p") with { ErrorCount = number })]);
            var revision = writer.Store.RevisionOf(agent);
            changed[revision] = Stopwatch.GetTimestamp();
            Assert.True(revision > newest.GetValueOrDefault(agent));
            newest[agent] = revision;
        }

        await ClusterFixture.ReachAsync(
            () => all.All(replica => newest.All(each => replica.Store.RevisionOf(each.Key) == each.Value)));
        await stopping.CancelAsync();
        var wentBack = await Task.WhenAll(watches);
        Assert.All(wentBack, Assert.False);
        var sorted = delays.Order().ToList();
        output.WriteLine($"{all.Count} replicas, {changes} changes, {sorted.Count} reports; from the end of the write to the "
            + $"read: p50 {Of(0.5):0.0}, p90 {Of(0.9):0.0}, p99 {Of(0.99):0.0}, most {sorted.LastOrDefault():0.0} ms");
        Assert.True(!Runs.InFull || Of(0.99) < 250, "99 of 100 changes are to be known everywhere within 250 ms.");
        foreach (var replica in all)
            await replica.DisposeAsync();

        double Of(double part) => sorted.Count == 0 ? 0 : sorted[(int)(part * (sorted.Count - 1))];
    }

    // Whether a revision went back.
    private static async Task<bool> WatchAsync(
        Replica replica, ConcurrentDictionary<long, long> changed, ConcurrentBag<double> delays, CancellationToken stopping)
    {
        var (seen, wentBack) = (new Dictionary<string, long>(), false);
        try
        {
            await foreach (var place in replica.Store.WatchAsync(stopping))
            {
                if (DocumentNames.AgentOf(place["postgres:".Length..]) is not { } agent)
                    continue;
                await replica.Store.ReadAsync(agent, stopping);
                var revision = replica.Store.RevisionOf(agent);
                wentBack |= revision < seen.GetValueOrDefault(agent);
                if (revision > seen.GetValueOrDefault(agent) && changed.TryGetValue(revision, out var at))
                    delays.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
                seen[agent] = revision;
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }

        return wentBack;
    }
}
