using ClawGrpc.Server.Tests.Replicas;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("ClawGrpc.Server.Tests.Harness.ReplicasFirst", "ClawGrpc.Server.Tests")]

namespace ClawGrpc.Server.Tests.Harness;

/// <summary>Begins with the tests of replicas, which are the longest and mostly wait: at the end nothing would run beside
/// them.</summary>
public sealed class ReplicasFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => collection.DisplayName != Cluster.Name
            && !collection.DisplayName.Contains(".Replicas.", StringComparison.Ordinal));
}
