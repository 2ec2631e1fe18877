using ClawGrpc.Testing;

namespace ClawGrpc.Postgres.Tests;

/// <summary>Which tables a version works on, and how they are changed.</summary>
[Collection(ClusterFixture.Name)]
public class SchemaTests(ClusterFixture fixture)
{
    private static readonly Schema.Step Next = StepOf(1, "ALTER TABLE clawgrpc.document ADD COLUMN note text");
    private static readonly Schema.Step Second = StepOf(2, "ALTER TABLE clawgrpc.document ADD COLUMN more text");

    [Fact]
    public async Task Steps_are_taken_once_and_in_order()
    {
        var dsn = fixture.Cluster.NewDatabase();
        Assert.Equal([.. Schema.Steps.Select(step => step.Name), Next.Name], await MigrateAsync(dsn, [.. Schema.Steps, Next]));
        Assert.Equal([Second.Name], await MigrateAsync(dsn, [.. Schema.Steps, Next, Second]));
        Assert.Empty(await MigrateAsync(dsn, [.. Schema.Steps, Next, Second]));
    }

    [Fact]
    public async Task Version_works_on_its_own_tables_and_on_the_next()
    {
        var dsn = fixture.Cluster.NewDatabase();
        Assert.Contains("clawgrpc migrate", await RefusalAsync(dsn, Schema.Steps), StringComparison.Ordinal);
        await MigrateAsync(dsn, Schema.Steps);
        Assert.Null(await RefusalAsync(dsn, Schema.Steps));
        Assert.Equal(
            $"The database lacks step {Next.Name} of its tables. Bring it up to date first: clawgrpc migrate",
            await RefusalAsync(dsn, [.. Schema.Steps, Next]));
        await MigrateAsync(dsn, [.. Schema.Steps, Next]);
        Assert.Null(await RefusalAsync(dsn, Schema.Steps));
        await MigrateAsync(dsn, [.. Schema.Steps, Next, Second]);
        Assert.Contains("Use a newer clawgrpc", await RefusalAsync(dsn, Schema.Steps), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Step_that_was_changed_after_it_was_taken_is_refused()
    {
        var dsn = fixture.Cluster.NewDatabase();
        await MigrateAsync(dsn, [.. Schema.Steps, Next]);
        var changed = StepOf(1, "SELECT 1");
        Assert.Contains("made by another program", await RefusalAsync(dsn, [.. Schema.Steps, changed]), StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnusableDatabaseException>(() => MigrateAsync(dsn, [.. Schema.Steps, changed]));
    }

    [Fact]
    public async Task Step_that_fails_leaves_nothing_behind()
    {
        var dsn = fixture.Cluster.NewDatabase();
        var half = StepOf(1, "ALTER TABLE clawgrpc.document ADD COLUMN note text; SELECT 1 / 0");
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => MigrateAsync(dsn, [.. Schema.Steps, half]));
        Assert.Equal([Next.Name], await MigrateAsync(dsn, [.. Schema.Steps, Next]));
    }

    [Fact]
    public async Task Step_that_does_not_get_its_lock_lets_others_pass_and_is_tried_again()
    {
        var dsn = fixture.Cluster.NewDatabase();
        var settings = await Replica.PrepareAsync(dsn);
        await using var source = Database.SourceOf(settings.Pool);
        await using var holder = await source.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await using (var read = new Npgsql.NpgsqlCommand("SELECT count(*) FROM clawgrpc.document", holder))
            await read.ExecuteScalarAsync();

        var database = PostgresCluster.NameIn(dsn);
        var migration = MigrateAsync(dsn, [.. Schema.Steps, Next]);
        await ClusterFixture.ReachAsync(() => fixture.WaitingForLocks(database) == 1);
        await ClusterFixture.ReachAsync(() => fixture.WaitingForLocks(database) == 0);
        Assert.False(migration.IsCompleted);
        await transaction.CommitAsync();
        Assert.Equal([Next.Name], await migration);
    }

    private static Schema.Step StepOf(int after, string sql)
    {
        var number = Schema.Steps[^1].Number + after;
        return new Schema.Step(number, $"{number:000}_test", sql);
    }

    private static Task<IReadOnlyList<string>> MigrateAsync(string dsn, IReadOnlyList<Schema.Step> steps) =>
        Schema.MigrateAsync(DatabaseSettings.Of(dsn).Pool, steps, CancellationToken.None);

    // Why a server of these steps does not start; null if it does.
    private static async Task<string?> RefusalAsync(string dsn, IReadOnlyList<Schema.Step> steps)
    {
        await using var database = new Database(DatabaseSettings.Of(dsn), TimeProvider.System);
        return (await Record.ExceptionAsync(() => Schema.CheckAsync(database, steps, CancellationToken.None)))?.Message;
    }
}
