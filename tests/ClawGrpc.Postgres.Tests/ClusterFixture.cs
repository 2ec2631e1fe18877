using System.Diagnostics;
using System.Globalization;
using ClawGrpc.Testing;

namespace ClawGrpc.Postgres.Tests;

/// <summary>One cluster for all tests; each has a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterFixture : ICollectionFixture<ClusterFixture>, IDisposable
{
    public const string Name = "cluster";

    internal PostgresCluster Cluster { get; } = new();

    /// <summary>Waits until something holds that others bring about.</summary>
    public static async Task ReachAsync(Func<bool> holds)
    {
        var start = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "It did not come to hold within 30 seconds.");
            await Task.Yield();
        }
    }

    /// <summary>How many connections to a database wait for a lock of another.</summary>
    public int WaitingForLocks(string database) => int.Parse(
        Cluster.Query(
            database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
        CultureInfo.InvariantCulture);

    public void Dispose() => Cluster.Dispose();
}
