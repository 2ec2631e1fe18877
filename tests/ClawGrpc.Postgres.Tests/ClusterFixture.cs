using ClawGrpc.Testing;

namespace ClawGrpc.Postgres.Tests;

/// <summary>One cluster for all tests; each has a database of its own.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterFixture : ICollectionFixture<ClusterFixture>, IDisposable
{
    public const string Name = "cluster";

    internal PostgresCluster Cluster { get; } = new();

    public void Dispose() => Cluster.Dispose();
}
