using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>A replica that starts while the database is away. A cluster of its own: it is stopped.</summary>
public sealed class SnapshotStartTests : IDisposable
{
    private const string Name = "clawgrpc-snapshot.sealed";

    private readonly PostgresCluster _cluster = new();
    private readonly StateFiles _files = new();

    public void Dispose()
    {
        _cluster.Dispose();
        _files.Dispose();
    }

    [NeedsPostgresFact]
    public async Task Replica_starts_from_its_snapshot_and_takes_up_the_database()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1);
        await set[0].OnboardAsync(One, KeyOne);
        await set[0].Access.AddClientAsync(new AddClientRequest
        {
            Client = new V1.Client { Name = "ci", Scopes = { Scope.Complete }, Agents = { "*" } },
        });
        var made = await set[0].Access.CreateTokenAsync(new CreateTokenRequest { Client = "ci" });
        var token = new Metadata { { "authorization", $"Bearer {made.Secret}" } };
        await set.RemoveAsync(await WithSnapshotAsync(set));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_files[Name]));
        var kept = await File.ReadAllTextAsync(_files[Name]);
        foreach (var word in new[] { KeyOne, One, "auth-profiles" })
            Assert.DoesNotContain(word, kept, StringComparison.Ordinal);

        _cluster.Stop();
        var started = await set.AddWithSnapshotAsync(_files);
        Assert.Equal(One, await started.CompleteAsync());
        Assert.Equal(One, await started.CompleteAsync(headers: token));
        Assert.Contains(
            "degraded since", $"{(await started.StatusAsync()).ConfigurationWarnings}", StringComparison.Ordinal);
        var failure = await CallFailure.OfAsync(() => started.OnboardAsync(Two, KeyTwo));
        Assert.Equal((StatusCode.Unavailable, "STORE_UNAVAILABLE"), (failure.Code, failure.Reason));

        _cluster.Start();
        await ServerFixture.EventuallyAsync(async () => (await started.StatusAsync()).ConfigurationWarnings.Count == 0);
        await started.OnboardAsync(Two, KeyTwo);
        await ServerFixture.EventuallyAsync(async () => (await set[0].StatusAsync()).Auth.Profiles.Count == 2);
        await ServerFixture.EventuallyAsync(
            () => Task.FromResult(set.Query("SELECT sum(completions) FROM clawgrpc.usage") == "2"));
    }

    [NeedsPostgresFact]
    public async Task Start_with_a_snapshot_that_cannot_be_used_waits_for_the_database()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1);
        await set[0].OnboardAsync(One, KeyOne);
        await set.RemoveAsync(await WithSnapshotAsync(set));
        var bytes = await File.ReadAllBytesAsync(_files[Name]);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(_files[Name], bytes);
        _cluster.Stop();
        var starting = set.AddWithSnapshotAsync(_files);
        Assert.NotSame(starting, await Task.WhenAny(starting, set[0].CompleteAsync()));
        _cluster.Start();
        Assert.Equal(One, await (await starting).CompleteAsync());
    }

    // One that has written its first snapshot.
    private async Task<ReplicaSet.Server> WithSnapshotAsync(ReplicaSet set)
    {
        var server = await set.AddWithSnapshotAsync(_files);
        await ServerFixture.EventuallyAsync(() => Task.FromResult(File.Exists(_files[Name])));
        return server;
    }
}
