using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Xunit.Abstractions;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>How changes at one replica reach those who watch at all of them: each in the end, in order, and soon.</summary>
[Collection(Cluster.Name)]
public class WatcherSpreadTests(Cluster cluster, ITestOutputHelper output)
{
    private static readonly string[] Agents = [.. Enumerable.Range(0, 10).Select(number => $"agent{number}")];
    private static readonly TimeSpan BetweenChanges = TimeSpan.FromMilliseconds(20);

    [NeedsPostgresFact]
    public async Task Every_watcher_ends_on_the_newest_revision_and_none_goes_back()
    {
        var list = string.Join(", ", Agents.Select(agent => $"{{ id: '{agent}' }}"));
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 3, $"agents: {{ list: [{list}] }}");
        foreach (var (agent, key) in Agents.SelectMany(agent => new[] { (agent, One), (agent, Two) }))
        {
            await set[0].Auth.OnboardAsync(new OnboardRequest
            {
                AgentId = agent,
                ProfileId = key,
                ApiKey = new ApiKeyCredential { Key = KeyOne },
            });
        }

        using var stopping = new CancellationTokenSource();
        var watchers = set.Servers.SelectMany(server => Agents.Select(
            agent => new Watcher(server, agent, stopping.Token))).ToList();
        var changes = await ChangeAsync(set, watchers);
        foreach (var watcher in watchers)
        {
            await ServerFixture.EventuallyAsync(
                () => Task.FromResult(watcher.HasAll && watcher.Newest == set[0].RevisionOf(watcher.Agent)));
        }

        await stopping.CancelAsync();
        await Task.WhenAll(watchers.Select(watcher => watcher.Ended));
        Assert.All(watchers, watcher => Assert.False(watcher.WentBack));
        var delays = watchers.SelectMany(watcher => watcher.Delays).Order().ToList();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{changes} changes at 3 replicas, {delays.Count} messages to {watchers.Count} watchers; from the beginning of the "
                + $"change to the message: p50 {Of(0.5):0.0}, p90 {Of(0.9):0.0}, p99 {Of(0.99):0.0}, most {Of(1):0.0} ms"));
        Assert.True(!Runs.InFull || Of(0.99) < 250, "99 of 100 changes are to be known everywhere within 250 ms.");

        double Of(double part) => delays[(int)(part * (delays.Count - 1))];
    }

    // Turns the order of an agent's profiles round, each time at another replica.
    private static async Task<int> ChangeAsync(ReplicaSet set, IReadOnlyList<Watcher> watchers)
    {
        var (start, span, changes) = (Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(Runs.Of(few: 2, full: 600)), 0);
        using var timer = new PeriodicTimer(BetweenChanges);
        while (Stopwatch.GetElapsedTime(start) < span && await timer.WaitForNextTickAsync())
        {
            var (writer, agent, turn) = (set[changes % 3], Agents[changes % Agents.Length], changes / Agents.Length % 2);
            var began = Stopwatch.GetTimestamp();
            await writer.Auth.SetProfileOrderAsync(new SetProfileOrderRequest
            {
                AgentId = agent,
                Provider = "anthropic",
                ProfileIds = { turn == 0 ? One : Two, turn == 0 ? Two : One },
            });
            foreach (var watcher in watchers.Where(each => each.Agent == agent))
                watcher.Await(writer.RevisionOf(agent), began);
            changes++;
        }

        return changes;
    }

    // One who watches an agent at a replica.
    private sealed class Watcher
    {
        private readonly Lock _gate = new();

        // Revisions that no message has shown yet, and when their changes began.
        private readonly List<(long Revision, long Began)> _awaited = [];

        public Watcher(ReplicaSet.Server server, string agent, CancellationToken stopping)
        {
            Agent = agent;
            Ended = Task.Run(() => WatchAsync(server, stopping), CancellationToken.None);
        }

        public string Agent { get; }

        public Task Ended { get; }

        public long Newest { get; private set; }

        public bool WentBack { get; private set; }

        public ConcurrentBag<double> Delays { get; } = [];

        /// <summary>Whether a message has shown each revision that is awaited.</summary>
        public bool HasAll
        {
            get
            {
                lock (_gate)
                    return _awaited.Count == 0;
            }
        }

        public void Await(long revision, long began)
        {
            lock (_gate)
            {
                // The message may have been here first.
                if (revision > Newest)
                    _awaited.Add((revision, began));
                else
                    Delays.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        private async Task WatchAsync(ReplicaSet.Server server, CancellationToken stopping)
        {
            using var call = server.Models.WatchStatus(
                new WatchStatusRequest { AgentId = Agent }, cancellationToken: stopping);
            try
            {
                await foreach (var message in call.ResponseStream.ReadAllAsync(CancellationToken.None))
                    Take(message.Revision);
            }
            catch (RpcException) when (stopping.IsCancellationRequested)
            {
                // The test is over.
            }
        }

        private void Take(long revision)
        {
            lock (_gate)
            {
                WentBack |= revision < Newest;
                Newest = revision;
                foreach (var (_, began) in _awaited.Where(each => each.Revision <= revision))
                    Delays.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                _awaited.RemoveAll(each => each.Revision <= revision);
            }
        }
    }
}
