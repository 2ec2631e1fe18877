using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>
/// A login whose refresh token is spent when the database goes away. A cluster of its own: it is stopped.
/// </summary>
public sealed class GrantedLoginTests : IDisposable
{
    private readonly PostgresCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [NeedsPostgresFact]
    public async Task Login_granted_while_the_database_goes_away_serves_and_is_stored_when_it_is_back()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1, Login.Section($"$upstream{Login.Path}"));
        set.Sandbox.Script(Faults.Slow(beforeHeadersMs: 1500).ForPath(Login.Path).Forever());
        Assert.Empty((await set[0].StatusAsync()).Auth.Profiles);
        set.StoreExpiredLogin();
        await set.Sandbox.WaitUntilAsync(requests => requests.Any(request => request.Path == Login.Path));
        _cluster.Stop();
        await ServerFixture.EventuallyAsync(async () => await set[0].CompleteAsync() == One);

        // On the disk of the replica, and sealed.
        var file = set[0].Files["agents/main/agent/clawgrpc-granted.json"];
        var granted = set.Sandbox.Requests.Last(request => request.Path != Login.Path).Credential!;
        Assert.DoesNotContain(granted, await File.ReadAllTextAsync(file), StringComparison.Ordinal);

        _cluster.Start();
        await ServerFixture.EventuallyAsync(() => Task.FromResult(!File.Exists(file)));
        var other = await set.AddAsync(TimeProvider.System);
        Assert.Equal(One, await other.CompleteAsync());
        Assert.Single(set.Sandbox.Requests, request => request.Path == Login.Path);
        Assert.All(
            set.Sandbox.Requests.Where(request => request.Path != Login.Path),
            request => Assert.Equal(granted, request.Credential));
    }
}
