using System.Collections.Concurrent;
using System.Diagnostics;
using ClawGrpc.Testing;
using Microsoft.Extensions.Time.Testing;

namespace ClawGrpc.Postgres.Tests;

/// <summary>Which replicas are there, and which are gone.</summary>
[Collection(ClusterFixture.Name)]
public class PresenceTests(ClusterFixture fixture)
{
    private static readonly TimeSpan BetweenSigns = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Replica_that_is_gone_without_a_word_is_told_by_one_of_the_others()
    {
        await using var set = await RunAsync(fixture.Cluster, 2);
        set.Query("INSERT INTO clawgrpc.replica (id, name, version, seen) "
            + "VALUES (gen_random_uuid(), 'lost', '1', clock_timestamp() - interval '61 seconds')");
        await set.ReachAsync(() => !set.Gone.IsEmpty);
        var gone = Assert.Single(set.Gone);
        Assert.Equal("lost", gone.Name);
        Assert.InRange(DateTime.UtcNow - gone.Seen, TimeSpan.FromSeconds(61), TimeSpan.FromSeconds(90));
        Assert.Equal("0", set.Query("SELECT count(*) FROM clawgrpc.replica WHERE name = 'lost'"));
    }

    // While the database is away, nobody can say that it is alive.
    [Fact]
    public async Task Nobody_is_gone_after_an_outage_of_the_database()
    {
        await using var set = await RunAsync(fixture.Cluster, 2);
        set.Query("UPDATE clawgrpc.replica SET seen = seen - interval '5 minutes'");
        await set.SignOnceAsync(2);
        Assert.Empty(set.Gone);
    }

    [Fact]
    public async Task Replica_that_stops_in_order_is_not_gone()
    {
        await using var set = await RunAsync(fixture.Cluster, 2);
        await set.StopAsync(1);
        Assert.Equal("1", set.Query("SELECT count(*) FROM clawgrpc.replica"));
    }

    private static async Task<Set> RunAsync(PostgresCluster cluster, int count)
    {
        var dsn = cluster.NewDatabase();
        var set = new Set(cluster, PostgresCluster.NameIn(dsn));
        await set.StartAsync(await Replica.PrepareAsync(dsn), count);
        return set;
    }

    private sealed class Set(PostgresCluster cluster, string database) : IAsyncDisposable
    {
        private readonly SealKeys _keys = new();
        private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
        private readonly List<(Replica Replica, CancellationTokenSource Stopping, Task Watch)> _running = [];

        public ConcurrentQueue<GoneReplica> Gone { get; } = new();

        public string Query(string sql) => cluster.Query(database, sql);

        public async Task StartAsync(DatabaseSettings settings, int count)
        {
            for (var number = 0; number < count; number++)
            {
                var (replica, stopping) = (await Replica.StartAsync(settings, _keys, _time), new CancellationTokenSource());
                replica.Store.ReplicaGone += Gone.Enqueue;
                _running.Add((replica, stopping, WatchAsync(replica, stopping.Token)));
            }

            await ReachAsync(() => Query("SELECT count(*) FROM clawgrpc.replica") == $"{count}");
        }

        /// <summary>Lets time pass until something holds.</summary>
        public async Task ReachAsync(Func<bool> holds)
        {
            var start = Stopwatch.GetTimestamp();
            while (!holds())
            {
                Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "It did not come to hold.");
                _time.Advance(BetweenSigns);
                await Task.Yield();
            }
        }

        /// <summary>Has each replica say once that it is alive.</summary>
        public async Task SignOnceAsync(int count)
        {
            _time.Advance(BetweenSigns);
            var start = Stopwatch.GetTimestamp();
            while (Query("SELECT count(*) FROM clawgrpc.replica WHERE seen > now() - interval '1 minute'") != $"{count}")
            {
                Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "They did not.");
                await Task.Yield();
            }
        }

        public async Task StopAsync(int number)
        {
            var (replica, stopping, watch) = _running[number];
            _running.RemoveAt(number);
            await stopping.CancelAsync();
            await watch;
            await replica.DisposeAsync();
            stopping.Dispose();
        }

        public async ValueTask DisposeAsync()
        {
            while (_running.Count > 0)
                await StopAsync(0);
            _keys.Dispose();
        }

        private static async Task WatchAsync(Replica replica, CancellationToken stopping)
        {
            try
            {
                await foreach (var _ in replica.Store.WatchAsync(stopping))
                {
                    // What changes is not of interest.
                }
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }
    }
}
