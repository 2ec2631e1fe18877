using System.Text.Json;
using ClawGrpc.Postgres;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>The cluster of the tests of replicas.</summary>
[CollectionDefinition(Name)]
public sealed class Cluster : ICollectionFixture<Cluster>, IDisposable
{
    public const string Name = "replicas";

    private readonly Lazy<PostgresCluster> _postgres = new();

    internal PostgresCluster Postgres => _postgres.Value;

    public void Dispose()
    {
        if (_postgres.IsValueCreated)
            _postgres.Value.Dispose();
    }
}

/// <summary>Several servers over one database serve as one does.</summary>
[Collection(Cluster.Name)]
public class ReplicaTests(Cluster cluster)
{
    [NeedsPostgresFact]
    public async Task What_one_is_told_all_know_and_the_database_holds_no_secret()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 3);
        await set[0].OnboardAsync(One, KeyOne);
        await EachAsync(set, server => server.CompleteAsync(), One);
        await set[1].Models.SetDefaultModelAsync(new SetDefaultModelRequest { Model = "anthropic/claude-sonnet-4-6" });
        await EachAsync(set, async server => (await server.StatusAsync()).DefaultModel, "anthropic/claude-sonnet-4-6");
        var token = await AddClientAsync(set[2], "ci");
        await EachAsync(
            set, async server => (await server.Access.WhoAmIAsync(new WhoAmIRequest(), token)).Client.Name, "ci");
        var dump = set.Dump();
        Assert.Contains("auth-profiles.json", dump, StringComparison.Ordinal);
        foreach (var secret in new[] { KeyOne, token[0].Value["Bearer ".Length..] })
        {
            Assert.DoesNotContain(secret, dump, StringComparison.Ordinal);
            Assert.DoesNotContain(
                Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(secret)), dump, StringComparison.Ordinal);
        }
    }

    [NeedsPostgresFact]
    public async Task Failures_at_all_of_them_at_once_are_one_step()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, Runs.Of(few: 3, full: 10));
        await set[0].OnboardAsync(One, KeyOne);
        await EachAsync(set, server => server.CompleteAsync(), One);
        set.Sandbox.Script(Faults.Status(402).Forever());
        var ends = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(call => Task.Run(() => set[call % set.Servers.Count].CompleteAsync())));
        Assert.DoesNotContain(One, ends);
        await EachAsync(set, async server => $"{(await server.StatusAsync()).Auth.Profiles.Single().ErrorCount}", "1");
        await EventuallyAsync(async () => (await Task.WhenAll(set.Servers.Select(
            async server => (await server.StatusAsync()).Auth.UnusableProfiles.Single().RecoverTime))).Distinct().Count() == 1);
    }

    [NeedsPostgresFact]
    public async Task Watcher_that_moves_misses_nothing_and_sees_no_revision_go_back()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 3);
        await EachAsync(set, async server => $"{(await server.StatusAsync()).Auth.Profiles.Count}", "0");
        var seen = 0L;
        for (var change = 0; change < 12; change++)
        {
            await set[change % 3].OnboardAsync($"anthropic:p{change}", KeyOne);
            using var call = set[(change + 1) % 3].Models.WatchStatus(new WatchStatusRequest { KnownRevision = seen });
            AgentStatus? status = null;
            while (status?.Auth.Profiles.Any(profile => profile.ProfileId == $"anthropic:p{change}") != true)
            {
                Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
                if (call.ResponseStream.Current.Status is not { } next)
                    continue;
                Assert.InRange(next.Revision, seen + 1, long.MaxValue);
                (status, seen) = (next, next.Revision);
            }
        }
    }

    [NeedsPostgresFact]
    public async Task Shared_change_makes_revisions_the_same_at_every_replica()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 3);
        await set[0].OnboardAsync(One, KeyOne);
        await EachAsync(set, async server => $"{(await server.StatusAsync()).Auth.Profiles.Count}", "1");

        // What only one of them knows, such as its usage, is counted on the way.
        await set[2].CompleteAsync();
        var changes = 0;
        await ServerFixture.EventuallyAsync(async () =>
        {
            // One that comes at the same time as another, of the health that is written behind, may not do it.
            var (alias, before) = ($"alias{++changes}", (await set[1].StatusAsync()).Revision);
            await set[1].Models.AddModelAliasAsync(
                new AddModelAliasRequest { Alias = alias, Model = "anthropic/claude-haiku-4-5" });
            await EachAsync(set, async server => $"{(await server.StatusAsync()).Aliases.ContainsKey(alias)}", "True");
            var statuses = await Task.WhenAll(set.Servers.Select(server => server.StatusAsync()));
            Assert.True(statuses[1].Revision > before);
            return statuses.DistinctBy(status => status.Revision).Count() == 1;
        });
    }

    // Each remembers on its own disk which versions of a secret it has seen.
    [NeedsPostgresFact]
    public async Task Profile_that_is_added_anew_by_another_replica_serves_at_all()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 1);
        foreach (var key in new[] { KeyTwo, KeyOne, KeyTwo })
            await set[0].OnboardAsync(One, key);
        Assert.Equal(One, await set[0].CompleteAsync());
        await set[0].Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        await set.AddAsync();
        await set[1].OnboardAsync(One, KeyOne);
        await EachAsync(set, server => server.CompleteAsync(), One);
    }

    [NeedsPostgresFact]
    public async Task Two_hundred_waiters_at_each_share_one_refresh()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 3, Login.Section($"$upstream{Login.Path}"));
        set.StoreExpiredLogin();
        set.Sandbox.Script(Faults.Slow(beforeHeadersMs: 300).ForPath(Login.Path).Forever());
        await EachAsync(
            set, async server => $"{(await server.StatusAsync()).Auth.Profiles.Single().Type}", nameof(CredentialType.Oauth));
        var ends = await Task.WhenAll(
            Enumerable.Range(0, 600).Select(call => Task.Run(() => set[call % 3].CompleteAsync())));
        Assert.All(ends, end => Assert.Equal(One, end));
        Assert.Single(set.Sandbox.Requests, request => request.Path == Login.Path);
    }

    [NeedsPostgresFact]
    public async Task Session_keeps_its_profile_at_every_replica()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 2);
        await set[0].OnboardAsync(One, KeyOne);
        await set[0].OnboardAsync(Two, KeyTwo);
        await EachAsync(set, async server => $"{(await server.StatusAsync()).Auth.Profiles.Count}", "2");
        var first = await set[0].CompleteAsync("a session");

        // Without the pin, the profile that rested longer would serve.
        await EventuallyAsync(async () => await set[1].PlanAsync("another session") != first);
        await EventuallyAsync(async () => await set[1].PlanAsync("a session") == first);
        Assert.Equal(first, await set[1].CompleteAsync("a session"));
        Assert.DoesNotContain("a session", set.Dump(), StringComparison.Ordinal);
    }

    [NeedsPostgresFact]
    public async Task Budget_is_spent_once_by_all()
    {
        var (replicas, calls) = (Runs.Of(few: 3, full: 10), Runs.Of(few: 60, full: 1000));
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, replicas);
        await set[0].OnboardAsync(One, KeyOne);
        await EachAsync(set, server => server.CompleteAsync(), One);
        var one = await AddClientAsync(set[0], "one", client => client.Budget = new ClientBudget { Tokens = 1_000_000 });
        Assert.Equal(One, await set[0].CompleteAsync(headers: one));
        var cost = (await set[0].Access.WhoAmIAsync(new WhoAmIRequest(), one)).Client.BudgetUse.Tokens;

        var token = await AddClientAsync(set[0], "ci", client => client.Budget = new ClientBudget { Tokens = calls * cost });
        await EachAsync(set, async server => (await server.Access.WhoAmIAsync(new WhoAmIRequest(), token)).Client.Name, "ci");
        var served = 0;
        await Task.WhenAll(set.Servers.SelectMany(server => new[] { server, server }).Select(UseUpAsync));

        // What calls under way were expected to come to was kept back, and is left.
        foreach (var server in set.Servers)
            await UseUpAsync(server);
        Assert.InRange(served, calls * 9 / 10, calls + replicas);
        await EventuallyAsync(() => Task.FromResult(set.Query(
            "SELECT sum(completions), sum(input + output + cache_write + cache_read) FROM clawgrpc.usage WHERE client = 'ci'")
            == $"{served}|{served * cost}"));

        async Task UseUpAsync(ReplicaSet.Server server)
        {
            string end;
            while ((end = await server.CompleteAsync(headers: token)) == One)
                Interlocked.Increment(ref served);
            Assert.Equal("BUDGET_EXCEEDED", end);
        }
    }

    [NeedsPostgresFact]
    public async Task Deleted_profile_is_not_declared_any_more()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 2);
        await set[0].OnboardAsync(One, KeyOne);
        await set[0].OnboardAsync(Two, KeyTwo);
        await ServerFixture.EventuallyAsync(async () => (await set[1].StatusAsync()).Auth.Profiles.Count == 2);
        await set[1].Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = Two });
        var text = set.Query("SELECT convert_from(body, 'UTF8') FROM clawgrpc.document WHERE name = 'clawgrpc.json'");
        Assert.Contains(One, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Two, text, StringComparison.Ordinal);
    }

    [NeedsPostgresFact]
    public async Task Replica_that_is_gone_without_a_word_is_in_the_audit_of_another()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 0);
        var time = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await set.AddAsync(time);
        set.Query("INSERT INTO clawgrpc.replica (id, name, version, seen) "
            + "VALUES (gen_random_uuid(), 'lost', '1', clock_timestamp() - interval '2 minutes')");
        List<JsonElement> lines = [];
        await EventuallyAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            lines = await set[0].AuditAsync("gone");
            return lines.Count > 0;
        });
        Assert.Equal(
            ("lost", GoneReplica.Missing), (lines[0].Text("details", "replica"), lines[0].Text("details", "why")));
        Assert.EndsWith("Z", lines[0].Text("details", "since"), StringComparison.Ordinal);
    }

    [NeedsPostgresFact]
    public async Task Use_of_a_token_is_known_once_the_replica_stops()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 2);
        await set[0].OnboardAsync(One, KeyOne);
        var shown = await AddClientAsync(set[0], "ci");
        await EachAsync(set, server => server.CompleteAsync(headers: shown), One);
        Assert.False(await IsUsedAsync());
        await set.RemoveAsync(set[1]);
        await EventuallyAsync(IsUsedAsync);

        async Task<bool> IsUsedAsync() => (await set[0].Access.ListClientsAsync(new ListClientsRequest())).Clients
            .Single(client => client.Name == "ci").Tokens.Single().LastUseTime is not null;
    }

    [NeedsPostgresFact]
    public async Task Configuration_is_named_as_the_document_that_it_is()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 0);
        using var log = new LogLines();
        await set.AddAsync(log: log);
        await set[0].OnboardAsync(One, KeyOne);
        Assert.Equal("postgres:clawgrpc.json", (await set[0].StatusAsync()).ConfigPath);
        Assert.Contains(log.All, line => line.Contains("postgres:clawgrpc.json has changed", StringComparison.Ordinal));
        Assert.Contains(One, ConfigurationNow(), StringComparison.Ordinal);
        await set[0].Auth.DeleteProfileAsync(new DeleteProfileRequest { ProfileId = One });
        Assert.DoesNotContain(One, ConfigurationNow(), StringComparison.Ordinal);

        string ConfigurationNow() =>
            set.Query("SELECT convert_from(body, 'UTF8') FROM clawgrpc.document WHERE name = 'clawgrpc.json'");
    }

    [NeedsPostgresFact]
    public async Task Name_of_another_replica_is_warned_of()
    {
        await using var set = await ReplicaSet.StartAsync(cluster.Postgres, 0);
        set.Query("INSERT INTO clawgrpc.replica (id, name, version, started) "
            + "VALUES (gen_random_uuid(), 'replica 0', '1', '2026-01-02T03:04:05Z'), (gen_random_uuid(), 'other', '1', now())");
        using var log = new LogLines();
        await set.AddAsync(log: log);
        await EventuallyAsync(() => Task.FromResult(log.All.Any(line => line.Contains(
            "has the name of this one: replica 0 (started 2026-01-02T03:04:05Z, seen ", StringComparison.Ordinal))));
    }

    [NeedsPostgresFact]
    public async Task Key_is_made_active_only_once_all_have_it()
    {
        await using var set = await ReplicaSet.StartAsync(
            cluster.Postgres, 2, "clawgrpc: { seal: { otherKeys: [{ keyFile: '~/new.key' }] } }");
        await set[0].OnboardAsync(One, KeyOne);
        await EachAsync(set, server => server.CompleteAsync(), One);
        await EventuallyAsync(() => Task.FromResult(set.Query("SELECT count(*) FROM clawgrpc.replica") == "2"));

        set.GiveNewKey(set[0]);
        await EventuallyAsync(async () => (await SealingOfAsync(set[0])).Keys.All(key => key.KeyId.Length > 0));
        var failure = await CallFailure.OfAsync(() => RotateAsync(set[0]));
        Assert.Equal((StatusCode.Unavailable, "STATE_NOT_WRITTEN"), (failure.Code, failure.Reason));
        Assert.Contains("since replicas lack it: replica 1 (started ", failure.Message, StringComparison.Ordinal);
        var (old, next) = ((await SealingOfAsync(set[0])).ActiveKeyId, (await SealingOfAsync(set[0])).Keys[1].KeyId);
        Assert.NotEqual(old, next);

        // It waits for those who are about to have it.
        var rotating = RotateAsync(set[0]);
        set.GiveNewKey(set[1]);
        Assert.Equal(1, await rotating);
        await EachAsync(set, async server => (await SealingOfAsync(server)).ActiveKeyId, next);
        await EachAsync(
            set, async server => string.Join(' ', (await SealingOfAsync(server)).Keys.Select(key => key.SealedCount)), "0 1");
        foreach (var server in set.Servers)
            Assert.Equal(One, await server.CompleteAsync());

        // The clients' tokens too need the old key no more, nor does a replica that never had it.
        await EventuallyAsync(() => Task.FromResult(!set.Query(
            "SELECT encode(body, 'escape') FROM clawgrpc.document WHERE name = 'clawgrpc.key'").Contains(
            old, StringComparison.Ordinal)));
        Assert.Equal(One, await (await set.AddAsync(newKey: true)).CompleteAsync());

        static async Task<V1.Sealing> SealingOfAsync(ReplicaSet.Server server) =>
            (await server.Auth.GetSealingAsync(new GetSealingRequest())).Sealing;
        static async Task<int> RotateAsync(ReplicaSet.Server server) =>
            (await server.Auth.RotateSealingKeyAsync(new RotateSealingKeyRequest())).ChangedCount;
    }

    private static async Task<Metadata> AddClientAsync(
        ReplicaSet.Server server, string name, Action<V1.Client>? more = null)
    {
        var client = new V1.Client { Name = name, Scopes = { Scope.Complete }, Agents = { "*" } };
        more?.Invoke(client);
        await server.Access.AddClientAsync(new AddClientRequest { Client = client });
        var made = await server.Access.CreateTokenAsync(new CreateTokenRequest { Client = name });
        return new Metadata { { "authorization", $"Bearer {made.Secret}" } };
    }

    // What one is told reaches the others a moment later.
    private static Task EachAsync(ReplicaSet set, Func<ReplicaSet.Server, Task<string>> ask, string expected) => Task.WhenAll(
        set.Servers.Select(server => EventuallyAsync(async () =>
        {
            try
            {
                return await ask(server) == expected;
            }
            catch (RpcException)
            {
                return false;
            }
        })));

    private static Task EventuallyAsync(Func<Task<bool>> holds) => ServerFixture.EventuallyAsync(holds);
}
