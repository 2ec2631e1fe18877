using System.Globalization;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Testing;

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
        await using var usage = await Usage.OpenAsync(fixture.Cluster);
        await usage.FailAsync(completions: 3);
        usage.StoreBatch(number: 1, completions: 3);
        await usage.AddAsync(completions: 5);
        Assert.Equal(5, usage.Stored());
    }

    // The table once forgot that the first batch was stored when it found out that the second was not.
    [Fact]
    public async Task Stored_batch_counts_once_if_the_next_one_fails()
    {
        await using var usage = await Usage.OpenAsync(fixture.Cluster);
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
        await using var usage = await Usage.OpenAsync(fixture.Cluster);
        await usage.FailAsync(completions: 3);
        await usage.AddAsync(completions: 5);
        Assert.Equal(5, usage.Stored());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Usage_of_a_stop_is_added_once(bool isLastBatchStored)
    {
        await using var usage = await Usage.OpenAsync(fixture.Cluster);
        await usage.FailAsync(completions: 3);
        if (isLastBatchStored)
            usage.StoreBatch(number: 1, completions: 3);
        var unsent = UnsentUsage.Parse(usage.Unsent(completions: 5).Text)!;
        for (var start = 0; start < 2; start++)
            await usage.AddUnsentAsync(unsent);
        Assert.Equal(5, usage.Stored());
    }

    private sealed class Usage(PostgresCluster cluster, string name, Database database, Guid id, UsageTable table)
        : IAsyncDisposable
    {
        public static async Task<Usage> OpenAsync(PostgresCluster cluster)
        {
            var dsn = cluster.NewDatabase();
            var (database, id) = (new Database(await Replica.PrepareAsync(dsn), TimeProvider.System), Guid.NewGuid());
            return new Usage(cluster, PostgresCluster.NameIn(dsn), database, id, new UsageTable(database, id));
        }

        public Task AddAsync(long completions) => table.AddAsync(
            Day, RowsOf(completions), DateOnly.MinValue, CancellationToken.None);

        public UnsentUsage Unsent(long completions) => table.Unsent(RowsOf(completions));

        // As another process does.
        public Task AddUnsentAsync(UnsentUsage unsent) => table.AddUnsentAsync(id, unsent, CancellationToken.None);

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
        public void StoreBatch(long number, long completions) => Query(
            $"INSERT INTO clawgrpc.usage_batch (replica, number) VALUES ('{id}', {number}); "
                + $"INSERT INTO clawgrpc.usage VALUES ('{Day:yyyy-MM-dd}', '{Key.Client}', '{Key.Agent}', '{Key.Profile}', "
                + $"'{Key.Model}', {completions}, 0, 0, 0, 0, 0, 0)");

        public long Stored() => long.Parse(Query("SELECT sum(completions) FROM clawgrpc.usage"), CultureInfo.InvariantCulture);

        private static KeyValuePair<UsageKey, UsageCounters>[] RowsOf(long completions) =>
            [KeyValuePair.Create(Key, new UsageCounters(completions, 0, 0, 0, 0, 0, 0))];

        private string Query(string sql) => cluster.Query(name, sql);

        public async ValueTask DisposeAsync()
        {
            table.Dispose();
            await database.DisposeAsync();
        }
    }
}
