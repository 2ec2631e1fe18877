using System.Collections.Concurrent;
using ClawGrpc.Postgres;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>The tables change under replicas that serve, and two versions run side by side.</summary>
[Collection(Cluster.Name)]
public class MigrationTests(Cluster cluster)
{
    private static readonly int Calls = Runs.Of(few: 60, full: 2000);

    // Seconds that a step keeps all tables; in full longer than a server waits for a lock at once.
    private static readonly int Hold = Runs.Of(few: 1, full: 3);

    [NeedsPostgresFact]
    public async Task No_call_fails_while_one_version_replaces_the_other()
    {
        var next = StepsAfter($"""
            ALTER TABLE clawgrpc.document ADD COLUMN note text;
            ALTER TABLE clawgrpc.usage ADD COLUMN requests bigint NOT NULL DEFAULT 0;
            ALTER TABLE clawgrpc.lease ADD COLUMN note text;
            ALTER TABLE clawgrpc.session_pin ADD COLUMN note text;
            ALTER TABLE clawgrpc.replica ADD COLUMN note text;
            SELECT pg_sleep({Hold});
            """);
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 3);
        await set[0].OnboardAsync(One, KeyOne);
        var before = set.Servers.ToList();
        foreach (var server in before)
            await ServerFixture.EventuallyAsync(async () => await server.CompleteAsync() == One);
        var load = new Load(completed: before.Count);
        before.ForEach(load.Begin);
        await load.AfterAsync(Calls);

        var newest = next[^1].Name;
        var refused = await Assert.ThrowsAsync<StartException>(() => set.AddAsync(steps: next));
        Assert.Equal(
            $"The database lacks step {newest} of its tables. Bring it up to date first: clawgrpc migrate", refused.Message);
        Assert.Equal([newest], await set.MigrateAsync(next));
        await load.AfterAsync(Calls);
        for (var number = 0; number < 2; number++)
            load.Begin(await set.AddAsync(steps: next));
        await load.AfterAsync(Calls);
        foreach (var server in before)
        {
            await load.EndAsync(server);
            await set.RemoveAsync(server);
            await load.AfterAsync(Calls / 3);
        }

        foreach (var server in set.Servers.ToList())
        {
            await load.EndAsync(server);
            await set.RemoveAsync(server);
        }

        Assert.Equal($"{load.Completed}", set.Query("SELECT sum(completions) FROM clawgrpc.usage"));
    }

    [NeedsPostgresFact]
    public async Task Version_refuses_tables_that_are_two_ahead()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 1);
        await set.MigrateAsync(StepsAfter("SELECT 1", "SELECT 2"));
        var refused = await Assert.ThrowsAsync<StartException>(() => set.AddAsync());
        Assert.Contains("more than one ahead of this version", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("Use a newer clawgrpc.", refused.Message, StringComparison.Ordinal);
    }

    private static List<Schema.Step> StepsAfter(params string[] more)
    {
        var newest = Schema.Steps[^1].Number;
        return [.. Schema.Steps, .. more.Select((sql, index) => new Schema.Step(
            newest + index + 1, $"{newest + index + 1:000}_test", sql))];
    }

    /// <summary>Completions, onboardings, settings and reports at each replica, none of which may fail.</summary>
    private sealed class Load(int completed)
    {
        private readonly ConcurrentDictionary<ReplicaSet.Server, (CancellationTokenSource Stopping, Task Work)> _running = new();
        private int _calls;
        private int _completed = completed;

        public int Completed => _completed;

        public void Begin(ReplicaSet.Server server)
        {
            var stopping = new CancellationTokenSource();
            var number = _running.Count;
            _running[server] = (stopping, Task.WhenAll(
                Task.Run(() => CompleteAsync(server, stopping.Token)),
                Task.Run(() => ChangeAsync(server, $"anthropic:p{number}", stopping.Token))));
        }

        public async Task EndAsync(ReplicaSet.Server server)
        {
            Assert.True(_running.TryRemove(server, out var running));
            await running.Stopping.CancelAsync();
            await running.Work;
            running.Stopping.Dispose();
        }

        /// <summary>Waits for so many more calls, none of which has failed.</summary>
        public async Task AfterAsync(int calls)
        {
            var end = Volatile.Read(ref _calls) + calls;
            await ServerFixture.EventuallyAsync(async () =>
            {
                foreach (var failed in _running.Values.Where(running => running.Work.IsFaulted))
                    await failed.Work;
                return Volatile.Read(ref _calls) >= end;
            });
        }

        private async Task CompleteAsync(ReplicaSet.Server server, CancellationToken stopping)
        {
            while (!stopping.IsCancellationRequested)
            {
                Assert.StartsWith(
                    "anthropic:", await server.CompleteAsync($"session {_calls % 10}"), StringComparison.Ordinal);
                Interlocked.Increment(ref _completed);
                Interlocked.Increment(ref _calls);
            }
        }

        private async Task ChangeAsync(ReplicaSet.Server server, string profile, CancellationToken stopping)
        {
            for (var round = 0; !stopping.IsCancellationRequested; round++)
            {
                await server.OnboardAsync(profile, round % 2 == 0 ? KeyOne : KeyTwo);
                await server.Models.SetDefaultModelAsync(new SetDefaultModelRequest
                {
                    Model = round % 2 == 0 ? "anthropic/claude-sonnet-4-6" : "anthropic/claude-haiku-4-5",
                }, cancellationToken: CancellationToken.None);
                await server.Models.GetUsageAsync(new GetUsageRequest(), cancellationToken: CancellationToken.None);
                await server.StatusAsync();
                Interlocked.Add(ref _calls, 4);
            }
        }
    }
}
