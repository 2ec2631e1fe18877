using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Postgres.Tests;

/// <summary>
/// The file that a replica starts from while the database is away: what was changed or is of another key is refused.
/// </summary>
[Collection(ClusterFixture.Name)]
public sealed class SnapshotTests(ClusterFixture fixture) : IAsyncLifetime, IDisposable
{
    private readonly SealKeys _keys = new();
    private readonly TestFolder _folder = new();
    private readonly List<SealingKeys> _opened = [];
    private DatabaseSettings _settings = null!;
    private byte[] _written = [];

    private string Path => _folder[Snapshot.Name];

    public async Task InitializeAsync()
    {
        _settings = await Replica.PrepareAsync(fixture.Cluster.NewDatabase()) with
        {
            BetweenSnapshots = TimeSpan.FromMilliseconds(20),
        };
        await using var replica = await Replica.StartAsync(_settings, _keys, folder: _folder);
        await replica.Store.EditConfigurationAsync(replica.Configuration, _ => "{ a: 1 }");
        using var stopping = new CancellationTokenSource();
        await using var places = replica.Store.WatchAsync(stopping.Token).GetAsyncEnumerator(stopping.Token);
        var watching = places.MoveNextAsync().AsTask();
        while (!File.Exists(Path))
            await Task.Yield();
        await stopping.CancelAsync();
        await Task.WhenAny(watching);
        _written = await File.ReadAllBytesAsync(Path);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _opened.ForEach(keys => keys.Dispose());
        _keys.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Whole_one_is_taken_up()
    {
        await using var store = NewStore(_settings, _keys.Old);
        var taken = await store.StartFromSnapshotAsync();
        Assert.InRange(DateTimeOffset.UtcNow - taken, TimeSpan.FromSeconds(-5), TimeSpan.FromMinutes(1));
        Assert.Equal("{ a: 1 }", store.ReadConfiguration(_folder["clawgrpc.json"]));
    }

    [Fact]
    public async Task Changed_byte_anywhere_is_refused()
    {
        await using var store = NewStore(_settings, _keys.Old);
        for (var at = 0; at < _written.Length; at += at < 300 ? 1 : 17)
        {
            var changed = _written.ToArray();
            changed[at] ^= 0x10;
            Assert.Contains("is not used", await RefusedAsync(store, changed), StringComparison.Ordinal);
        }

        for (var length = 0; length < _written.Length; length += 29)
            Assert.Contains("is not used", await RefusedAsync(store, _written[..length]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_of_another_key_or_database_is_refused()
    {
        await using var other = NewStore(_settings, _keys.New);
        Assert.Contains("is not configured", await RefusedAsync(other, _written), StringComparison.Ordinal);
        var settings = DatabaseSettings.Of(fixture.Cluster.NewDatabase());
        await using var elsewhere = NewStore(settings, _keys.Old);
        Assert.Contains("of another database", await RefusedAsync(elsewhere, _written), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Absent_one_is_none()
    {
        File.Delete(Path);
        await using var store = NewStore(_settings, _keys.Old);
        Assert.StartsWith(
            "There is no snapshot", (await Assert.ThrowsAsync<UnusableSnapshotException>(store.StartFromSnapshotAsync)).Message,
            StringComparison.Ordinal);
    }

    private async Task<string> RefusedAsync(PostgresStore store, byte[] bytes)
    {
        await File.WriteAllBytesAsync(Path, bytes);
        return (await Assert.ThrowsAsync<UnusableSnapshotException>(store.StartFromSnapshotAsync)).Message;
    }

    // One that has read nothing.
    private PostgresStore NewStore(DatabaseSettings settings, string keyFile)
    {
        var state = StateFolder.Resolve(_folder.Path, _ => null, "/");
        return new PostgresStore(
            settings, new DatabaseClock(TimeProvider.System), state,
            store =>
            {
                var keys = new SealingKeys(state, _ => null, NullLogger<SealingKeys>.Instance, store.SealState, keyFile);
                _opened.Add(keys);
                return keys;
            },
            "test", "1", NullLogger.Instance);
    }
}
