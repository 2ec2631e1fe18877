using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Postgres.Tests;

/// <summary>The contract, over PostgreSQL.</summary>
[Collection(ClusterFixture.Name)]
public sealed class PostgresStoreTests(ClusterFixture fixture) : StateStoreContract, IAsyncLifetime, IDisposable
{
    private readonly SealKeys _keys = new();
    private readonly TestFolder _folder = new();
    private readonly List<Replica> _replicas = [];
    private readonly string _dsn = fixture.Cluster.NewDatabase();
    private DatabaseSettings _settings = null!;

    private protected override string Configuration => _replicas[0].Configuration;

    private string Database => PostgresCluster.NameIn(_dsn);

    public async Task InitializeAsync() => _settings = await Replica.PrepareAsync(_dsn);

    public async Task DisposeAsync()
    {
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
    }

    public void Dispose()
    {
        _keys.Dispose();
        _folder.Dispose();
    }

    private protected override IStateStore Open()
    {
        _replicas.Add(Replica.StartAsync(_settings, _keys, folder: _folder).GetAwaiter().GetResult());
        return _replicas[^1].Store;
    }

    private protected override Task BreakAsync()
    {
        fixture.Cluster.Query(Database, "UPDATE clawgrpc.document SET body = '{ \"profiles\": ', revision = revision + 1");
        return Task.CompletedTask;
    }

    private protected override Task<string> DumpAsync() => Task.FromResult(
        fixture.Cluster.Query(Database, "SELECT * FROM clawgrpc.document ORDER BY name"));

    // Nobody gives it back.
    private protected override async Task DieWithLeaseAsync(string profileId) => await Open().LeaseAsync(Agent, profileId);
}
