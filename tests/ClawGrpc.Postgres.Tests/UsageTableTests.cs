using System.Globalization;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Testing;
using Npgsql;

namespace ClawGrpc.Postgres.Tests;

/// <summary>Usage is added once, whatever becomes of the answer to a write.</summary>
[Collection(ClusterFixture.Name)]
public class UsageTableTests(ClusterFixture fixture)
{
    private static readonly DateOnly Day = new(2026, 11, 20);
    private static readonly UsageKey Key = new(Day, "ci", "main", "anthropic:one", "anthropic/claude-sonnet-4-6");

    [Fact]
    public async Task Write_that_turns_out_to_be_stored_is_not_added_again()
    {
        await using var usage = await Usage.OpenAsync(fixture);
        await usage.FailAsync(completions: 3);
        usage.StoreBatch(number: 1, completions: 3);
        await usage.AddAsync(completions: 5);
        Assert.Equal(5, usage.Stored());
    }

    // The table once forgot that the first batch was stored when it found out that the second was not.
    [Fact]
    public async Task Stored_batch_counts_once_if_the_next_one_fails()
    {
        await using var usage = await Usage.OpenAsync(fixture);
        await usage.FailAsync(completions: 3);
        usage.StoreBatch(number: 1, completions: 3);
        await usage.FailAsync(completions: 5);
        await usage.AddAsync(completions: 6);
        Assert.Equal(6, usage.Stored());
        await usage.AddAsync(completions: 2);
        Assert.Equal(8, usage.Stored());
    }

    [Fact]
    public async Task Write_that_was_not_stored_is_added_in_full()
    {
        await using var usage = await Usage.OpenAsync(fixture);
        await usage.FailAsync(completions: 3);
        await usage.AddAsync(completions: 5);
        Assert.Equal(5, usage.Stored());
    }

    // The connection was lost, and the server of the database has not noticed: what it was sent may still be stored.
    [Fact]
    public async Task Write_that_is_still_under_way_is_added_once()
    {
        await using var usage = await Usage.OpenAsync(fixture);
        await usage.FailAsync(completions: 3);
        await using var underWay = await usage.BeginBatchAsync(number: 1, completions: 3);
        var adding = usage.AddAsync(completions: 5);
        await ClusterFixture.ReachAsync(() => adding.IsCompleted || usage.IsWaiting);
        await underWay.CommitAsync();
        await adding;
        Assert.Equal(5, usage.Stored());
    }

    [Fact]
    public async Task Write_of_another_day_that_turns_out_to_be_stored_is_not_added_again()
    {
        await using var usage = await Usage.OpenAsync(fixture);
        await usage.FailAsync(completions: 3);
        usage.StoreBatch(number: 1, completions: 3);
        await usage.AddAsync(completions: 2, Day.AddDays(-1));
        await usage.AddAsync(completions: 4);
        Assert.Equal(6, usage.Stored());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Usage_of_a_stop_is_added_once(bool isLastBatchStored)
    {
        await using var usage = await Usage.OpenAsync(fixture);
        await usage.FailAsync(completions: 3);
        if (isLastBatchStored)
            usage.StoreBatch(number: 1, completions: 3);
        var unsent = UnsentUsage.Parse(usage.Unsent(completions: 5).Text)!;
        for (var start = 0; start < 2; start++)
            await usage.AddUnsentAsync(unsent);
        Assert.Equal(5, usage.Stored());
    }

    private sealed class Usage : IAsyncDisposable
    {
        private readonly ClusterFixture _fixture;
        private readonly string _name;
        private readonly Guid _id = Guid.NewGuid();
        private readonly Database _database;
        private readonly NpgsqlDataSource _other;
        private readonly UsageTable _table;

        private Usage(ClusterFixture fixture, string name, DatabaseSettings settings)
        {
            (_fixture, _name) = (fixture, name);
            (_database, _other) = (new Database(settings, TimeProvider.System), Database.SourceOf(settings.Pool));
            _table = new UsageTable(_database, _id);
        }

        public bool IsWaiting => _fixture.WaitingForLocks(_name) > 0;

        public static async Task<Usage> OpenAsync(ClusterFixture fixture)
        {
            var dsn = fixture.Cluster.NewDatabase();
            return new Usage(fixture, PostgresCluster.NameIn(dsn), await Replica.PrepareAsync(dsn));
        }

        public Task AddAsync(long completions) => AddAsync(completions, Day);

        public Task AddAsync(long completions, DateOnly day) => _table.AddAsync(
            day, RowsOf(completions, day), DateOnly.MinValue, CancellationToken.None);

        public UnsentUsage Unsent(long completions) => _table.Unsent(RowsOf(completions, Day));

        // As another process does.
        public Task AddUnsentAsync(UnsentUsage unsent) => _table.AddUnsentAsync(_id, unsent, CancellationToken.None);

        public async Task FailAsync(long completions)
        {
            Query("""
                CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''refused''; END';
                CREATE TRIGGER refuse BEFORE INSERT ON clawgrpc.usage EXECUTE FUNCTION refuse();
                """);
            await Assert.ThrowsAsync<DatabaseException>(() => AddAsync(completions));
            Query("DROP TRIGGER refuse ON clawgrpc.usage");
        }

        // As if only the answer to the commit had been lost.
        public void StoreBatch(long number, long completions) => Query(BatchOf(number, completions));

        // Until it is committed.
        public async Task<NpgsqlTransaction> BeginBatchAsync(long number, long completions)
        {
            var connection = await _other.OpenConnectionAsync();
            var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand(BatchOf(number, completions), connection, transaction);
            await command.ExecuteNonQueryAsync();
            return transaction;
        }

        public long Stored() => long.Parse(Query("SELECT sum(completions) FROM clawgrpc.usage"), CultureInfo.InvariantCulture);

        private static KeyValuePair<UsageKey, UsageCounters>[] RowsOf(long completions, DateOnly day) =>
            [KeyValuePair.Create(Key with { Day = day }, new UsageCounters(completions, 0, 0, 0, 0, 0, 0))];

        private string BatchOf(long number, long completions) =>
            $"INSERT INTO clawgrpc.usage_batch (replica, number) VALUES ('{_id}', {number}); "
                + $"INSERT INTO clawgrpc.usage VALUES ('{Day:yyyy-MM-dd}', '{Key.Client}', '{Key.Agent}', '{Key.Profile}', "
                + $"'{Key.Model}', {completions}, 0, 0, 0, 0, 0, 0)";

        private string Query(string sql) => _fixture.Cluster.Query(_name, sql);

        public async ValueTask DisposeAsync()
        {
            _table.Dispose();
            await _other.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
