using ClawGrpc.Postgres;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>A replica that is stopped while the database is away. A cluster of its own: it is stopped.</summary>
public sealed class StopTests : IDisposable
{
    private readonly PostgresCluster _cluster = new();
    private readonly StateFiles _files = new();

    public void Dispose()
    {
        _cluster.Dispose();
        _files.Dispose();
    }

    [NeedsPostgresFact]
    public async Task Usage_is_kept_for_the_next_start_and_stored_once()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1);
        await set[0].OnboardAsync(One, KeyOne);
        var server = await set.AddAsync(_files);
        await CompleteAsync(server, 2);
        _cluster.Stop();
        await CompleteAsync(server, 5);
        await set.RemoveAsync(server);
        var file = Assert.Single(Directory.GetFiles(_files[UnsentFiles.Name]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var kept = await File.ReadAllBytesAsync(file);

        _cluster.Start();
        await StartAndStopAsync();
        Assert.Equal("7", Completions());

        // As if it had been killed before it removed the file.
        await File.WriteAllBytesAsync(file, kept);
        await StartAndStopAsync();
        Assert.Equal("7", Completions());
        Assert.Equal("1", set.Query("SELECT count(*) FROM clawgrpc.replica"));

        async Task StartAndStopAsync()
        {
            var again = await set.AddAsync(_files);
            await ServerFixture.EventuallyAsync(() => Task.FromResult(!File.Exists(file)));
            await set.RemoveAsync(again);
        }

        string Completions() => set.Query("SELECT sum(completions) FROM clawgrpc.usage");
    }

    private static async Task CompleteAsync(ReplicaSet.Server server, int calls)
    {
        for (var call = 0; call < calls; call++)
            Assert.Equal(One, await server.CompleteAsync());
    }
}
