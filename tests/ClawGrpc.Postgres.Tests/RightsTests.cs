using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;

namespace ClawGrpc.Postgres.Tests;

/// <summary>The database is there, and this replica may not use it. A cluster of its own: roles are for all databases.</summary>
public sealed class RightsTests : IDisposable
{
    private const string App = "clawgrpc_app";
    private const string Agent = "main";

    private readonly PostgresCluster _cluster = new();
    private readonly SealKeys _keys = new();

    public void Dispose()
    {
        _cluster.Dispose();
        _keys.Dispose();
    }

    [Fact]
    public async Task Replica_without_the_right_to_write_counts_as_degraded_until_it_has_it_again()
    {
        var dsn = _cluster.NewDatabase();
        Query(dsn, $"CREATE ROLE {App} LOGIN PASSWORD 'app'");
        await Replica.PrepareAsync(dsn);
        await IsDegradedBetweenAsync(
            AsApp(dsn), () => Query(dsn, $"REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clawgrpc FROM {App}"),
            () => Replica.PrepareAsync(dsn), "permission denied for table document (SQLSTATE 42501); give the role its rights");
    }

    [Fact]
    public async Task Replica_of_a_database_that_is_read_only_counts_as_degraded_until_it_can_be_written()
    {
        var dsn = _cluster.NewDatabase();
        await Replica.PrepareAsync(dsn);
        await IsDegradedBetweenAsync(
            dsn, () => SetReadOnly("on"),
            () =>
            {
                SetReadOnly("off");
                return Task.CompletedTask;
            },
            "(SQLSTATE 25006); it is a standby or read-only");

        // For new sessions, so the others end.
        void SetReadOnly(string value)
        {
            var name = PostgresCluster.NameIn(dsn);
            _cluster.Query("postgres", $"ALTER DATABASE {name} SET default_transaction_read_only = {value}");
            _cluster.Query("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        }
    }

    [Fact]
    public async Task What_waiting_does_not_mend_says_so()
    {
        var dsn = _cluster.NewDatabase();
        Query(dsn, $"CREATE ROLE {App} LOGIN PASSWORD 'app'");
        Assert.Contains("permission denied for schema", await LastingAsync(await PreparedAsync()), StringComparison.Ordinal);
        Assert.Contains("createdb", await LastingAsync(dsn.Replace("/test", "/nope", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.Contains(".pgpass", await LastingAsync(AsApp(dsn).Replace(":app@", ":other@", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.Contains("SSL", await LastingAsync($"{dsn}&sslmode=require"), StringComparison.Ordinal);

        async Task<string> PreparedAsync()
        {
            await Replica.PrepareAsync(dsn);
            Query(dsn, $"REVOKE USAGE ON SCHEMA clawgrpc FROM {App}");
            return AsApp(dsn);
        }
    }

    private async Task IsDegradedBetweenAsync(string dsn, Action refuse, Func<Task> allow, string why)
    {
        var settings = DatabaseSettings.Of(dsn);
        await using var replica = await Replica.StartAsync(settings, _keys);
        await WriteAsync();
        refuse();
        var failure = await Assert.ThrowsAsync<StateNotWrittenException>(WriteAsync);
        Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        Assert.True(failure.IsUnavailable);
        await Assert.ThrowsAsync<DatabaseException>(() => replica.Store.ExportAsync(CancellationToken.None));
        Assert.NotNull(replica.Store.AwaySince);
        Assert.Contains("cannot be written", Assert.Single(replica.Store.Problems), StringComparison.Ordinal);

        await allow();

        // A look may find a connection that has ended meanwhile.
        for (var look = 0; look < settings.MostConnections && replica.Store.AwaySince is not null; look++)
            await Record.ExceptionAsync(() => replica.Store.ExportAsync(CancellationToken.None));
        Assert.Null(replica.Store.AwaySince);
        await WriteAsync();

        Task WriteAsync() => replica.Store.UpdateAsync(
            Agent, _ => [new SetHealth("anthropic:one", new ProfileHealth { LastUsed = DateTimeOffset.UtcNow })]);
    }

    private static async Task<string> LastingAsync(string dsn)
    {
        await using var database = new Database(DatabaseSettings.Of(dsn), TimeProvider.System);
        var failure = await Assert.ThrowsAsync<DatabaseException>(
            () => Schema.CheckAsync(database, Schema.Steps, CancellationToken.None));
        Assert.True(failure.IsLasting, failure.Message);
        return failure.Message;
    }

    private static string AsApp(string dsn) => dsn.Replace(
        $"postgres:{PostgresCluster.AdminPassword}@", $"{App}:app@", StringComparison.Ordinal);

    private void Query(string dsn, string sql) => _cluster.Query(PostgresCluster.NameIn(dsn), sql);
}
