using ClawGrpc.Core.StateFiles;
using ClawGrpc.Testing;

namespace ClawGrpc.Postgres.Tests;

/// <summary>The database goes away and comes back. A cluster of its own: it is stopped.</summary>
public sealed class ReturnTests : IDisposable
{
    private const string Agent = "main";
    private const string Profile = "anthropic:one";

    private readonly PostgresCluster _cluster = new();
    private readonly SealKeys _keys = new();

    public void Dispose()
    {
        _cluster.Dispose();
        _keys.Dispose();
    }

    [Fact]
    public async Task Agent_that_nobody_has_read_is_there_while_the_database_is_away()
    {
        var settings = await Replica.PrepareAsync(_cluster.NewDatabase());
        await using var replica = await Replica.StartAsync(settings, _keys);
        await using var other = await Replica.StartAsync(settings, _keys);
        using var stopping = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var places = replica.Store.WatchAsync(stopping.Token).GetAsyncEnumerator(stopping.Token);
        foreach (var agent in new[] { Agent, "work" })
        {
            var reported = ReportedAsync(agent);
            await other.Store.UpdateAsync(agent, _ => [new SetHealth(Profile, new ProfileHealth { ErrorCount = 1 })]);
            await reported;
        }

        _cluster.Stop();
        Assert.Equal(1, (await replica.Store.ReadAsync(Agent)).HealthOf(Profile).ErrorCount);
        Assert.Empty((await replica.Store.ReadAsync("none")).Health);

        async Task ReportedAsync(string agent)
        {
            do
                Assert.True(await places.MoveNextAsync());
            while (places.Current != replica.Store.PlaceOf(agent));
        }
    }

    [Fact]
    public async Task What_was_heard_of_and_not_read_is_reported_again()
    {
        var settings = await Replica.PrepareAsync(_cluster.NewDatabase());
        await using var replica = await Replica.StartAsync(settings, _keys);
        await replica.Store.UpdateAsync(Agent, _ => [new SetHealth(Profile, new ProfileHealth { ErrorCount = 1 })]);
        using var stopping = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var places = replica.Store.WatchAsync(stopping.Token).GetAsyncEnumerator(stopping.Token);

        // The first report may be one without a change.
        await ReportedAsync();
        _cluster.Stop();
        while (replica.Store.AwaySince is null)
            await Task.Yield();
        Assert.Equal(1, (await replica.Store.ReadAsync(Agent)).HealthOf(Profile).ErrorCount);
        _cluster.Start();
        await ReportedAsync();
        Assert.Null(replica.Store.AwaySince);

        async Task ReportedAsync()
        {
            do
                Assert.True(await places.MoveNextAsync());
            while (places.Current != replica.Store.PlaceOf(Agent));
        }
    }
}
