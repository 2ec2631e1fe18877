using System.Net;
using ClawGrpc.Postgres;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Xunit.Abstractions;
using static ClawGrpc.Server.Tests.Harness.Credentials;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>
/// The database hangs, and then is killed, while replicas serve: nothing that takes no write fails or waits for it, and
/// afterwards the database says what happened. A cluster of its own: it is stopped.
/// </summary>
public sealed class OutageTests(ITestOutputHelper output) : IDisposable
{
    private const string Three = "anthropic:three";
    private const string KeyThree = "sk-ant-api03-FAKE-third-key-0000000000000003";
    private const int PerSecond = 50;
    private const int MostCalls = 1_000;
    private const long MostGrowth = 4 * 1024 * 1024;

    // Hours, so that it is over at no end of the test.
    private const string Long = "36000";

    // Less than a connection or a statement may take.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    private readonly PostgresCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [NeedsPostgresFact]
    public async Task Completions_go_on_while_the_database_hangs_and_is_killed()
    {
        // The sandbox is in this process, and must not grow either.
        await using var set = await ReplicaSet.StartAsync(
            _cluster, 2, sandbox: new SandboxOptions { KeepRequests = 500 });
        await OnboardAsync(set, (One, KeyOne), (Two, KeyTwo), (Three, KeyThree));
        var load = new Load(set, output);
        await load.RunAsync(PerSecond);
        await AgreeAsync(set, load);

        _cluster.Pause();
        set.Sandbox.Script(
            Faults.Status(402, retryAfter: Long).ForKey(KeyTwo).Forever(),
            Faults.Status(429, retryAfter: Long).ForKey(KeyThree).ForModel(Load.Sonnet).Forever());
        await ServeAsync(load);
        await AgreeAsync(set, load, _cluster.Resume);
        _cluster.Stop();
        await ServeAsync(load);
        await AgreeAsync(set, load, _cluster.Start);
        Assert.Equal(2, load.SetAside);
    }

    [NeedsPostgresFact]
    public async Task Budget_is_spent_on_within_what_was_taken()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1);
        await OnboardAsync(set, (One, KeyOne));
        var (rich, poor) = (await AddClientAsync(set[0], "rich"), await AddClientAsync(set[0], "poor"));
        Assert.Equal(One, await set[0].CompleteAsync(headers: rich));
        _cluster.Stop();

        // A fiftieth of the budget is taken ahead.
        Assert.Equal("STORE_UNAVAILABLE", await set[0].CompleteAsync(headers: poor));
        var ends = new List<string>();
        do
            ends.Add(await set[0].CompleteAsync(headers: rich));
        while (ends[^1] == One && ends.Count < MostCalls);
        output.WriteLine($"{ends.Count} calls within what was taken");
        Assert.InRange(ends.Count, 10, MostCalls - 1);
        Assert.Equal("STORE_UNAVAILABLE", ends[^1]);

        _cluster.Start();
        await SameAsync(() => set[0].CompleteAsync(headers: poor), One);
        await SameAsync(() => set[0].CompleteAsync(headers: rich), One);
    }

    [NeedsPostgresFact]
    public async Task Database_that_hangs_is_waited_for_once()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1, patience: 1);
        await OnboardAsync(set, (One, KeyOne));
        _cluster.Pause();
        await IsRefusedAsync();
        var start = TimeProvider.System.GetTimestamp();
        for (var call = 0; call < 10; call++)
            await IsRefusedAsync();

        // Ten times the patience of a statement, and of its cancellation, would be 15 s.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(8));
        _cluster.Resume();
        await SameAsync(async () => string.Concat((await set[0].StatusAsync()).ConfigurationWarnings), "");
        await set[0].OnboardAsync(Two, KeyTwo);

        async Task IsRefusedAsync() => Assert.Equal(
            "STORE_UNAVAILABLE", (await CallFailure.OfAsync(() => set[0].OnboardAsync(Two, KeyTwo))).Reason);
    }

    [NeedsPostgresFact]
    public async Task Agent_that_was_never_asked_for_serves_too()
    {
        await using var set = await ReplicaSet.StartAsync(
            _cluster, 2, "agents: { list: [{ id: 'main', default: true }, { id: 'work' }] }");
        await set[0].Auth.OnboardAsync(new OnboardRequest
        {
            AgentId = "work",
            ProfileId = One,
            ApiKey = new ApiKeyCredential { Key = KeyOne },
        });

        // Looks for what is new.
        await set[1].Part<PostgresStore>().ExportAsync(CancellationToken.None);
        _cluster.Stop();
        var answer = await set[1].Models.CompleteAsync(
            new CompleteRequest { Input = Prompts.Input(with: input => input.AgentId = "work") });
        Assert.Equal(One, answer.Receipt.ProfileId);
    }

    [NeedsPostgresFact]
    public async Task Replica_stays_ready_and_says_so_strictly()
    {
        await using var set = await ReplicaSet.StartAsync(_cluster, 1);
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await set[0].GetAsync("/readyz?strict"));
        _cluster.Stop();
        await ServerFixture.EventuallyAsync(
            async () => (await set[0].GetAsync("/readyz?strict")).Status == HttpStatusCode.ServiceUnavailable);
        Assert.StartsWith("degraded since 20", (await set[0].GetAsync("/readyz?strict")).Text, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await set[0].GetAsync("/readyz"));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await set[0].HealthAsync());
        _cluster.Start();
        await SameAsync(async () => (await set[0].GetAsync("/readyz?strict")).Text, "ready\n");
    }

    [NeedsPostgresFact]
    public async Task Replica_that_may_not_serve_for_long_without_the_database_refuses_all_but_its_status()
    {
        await using var set = await ReplicaSet.StartAsync(
            _cluster, 1, "clawgrpc: { replicas: { maxStaleness: '1s' } }");
        await OnboardAsync(set, (One, KeyOne));
        var token = await AddClientAsync(set[0], "ci");
        Assert.Equal(One, await set[0].CompleteAsync(headers: token));
        _cluster.Stop();
        await SameAsync(() => set[0].CompleteAsync(), "STORE_UNAVAILABLE");
        Assert.Equal("STORE_UNAVAILABLE", await set[0].CompleteAsync(headers: token));
        var failure = await CallFailure.OfAsync(async () => await set[0].Access.WhoAmIAsync(new WhoAmIRequest(), token));
        Assert.Equal((StatusCode.Unavailable, "STORE_UNAVAILABLE"), (failure.Code, failure.Reason));
        Assert.Contains("clawgrpc.replicas.maxStaleness", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.RetryDelay);
        Assert.Contains("degraded since", $"{(await set[0].StatusAsync()).ConfigurationWarnings}", StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await set[0].GetAsync("/readyz"));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, await set[0].HealthAsync());
        _cluster.Start();
        await SameAsync(() => set[0].CompleteAsync(headers: token), One);
    }

    private static async Task OnboardAsync(ReplicaSet set, params (string Profile, string Key)[] profiles)
    {
        foreach (var (profile, key) in profiles)
            await set[0].OnboardAsync(profile, key);
        foreach (var server in set.Servers)
            await SameAsync(async () => $"{(await server.StatusAsync()).Auth.Profiles.Count}", $"{profiles.Length}");
    }

    private static async Task<Metadata> AddClientAsync(ReplicaSet.Server server, string name)
    {
        await server.Access.AddClientAsync(new AddClientRequest
        {
            Client = new V1.Client
            {
                Name = name,
                Scopes = { Scope.Complete },
                Agents = { "*" },
                Budget = new ClientBudget { Tokens = 250_000 },
            },
        });
        var made = await server.Access.CreateTokenAsync(new CreateTokenRequest { Client = name });
        return new Metadata { { "authorization", $"Bearer {made.Secret}" } };
    }

    // One outage: its second half takes no more memory than the first.
    private async Task ServeAsync(Load load)
    {
        var half = PerSecond * Runs.Of(few: 3, full: 240) / 2;
        await load.RunAsync(half);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await load.RunAsync(half);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{load.Completions} completions so far, the slowest took {load.Slowest.TotalMilliseconds:0} ms; "
            + $"managed memory {before / 1024} kB, then {grown / 1024:+0;-0} kB");
        Assert.True(!Runs.InFull || grown < MostGrowth, $"{grown} bytes more in the second half of an outage.");
        Assert.True(load.Slowest < Patience, $"A completion took {load.Slowest}: it waited for the database.");
    }

    // The database and both replicas come to say what the receipts say, and it is on the database's disk: what is not for half a
    // second may be lost with it.
    private static async Task AgreeAsync(ReplicaSet set, Load load, Action? end = null)
    {
        var known = await Task.WhenAll(set.Servers.Select(server => server.StatusAsync()));
        end?.Invoke();
        await SameAsync(() => Task.FromResult(set.Query(
            "SELECT profile, model, sum(completions), sum(input), sum(output), sum(cache_write), sum(cache_read) "
                + "FROM clawgrpc.usage GROUP BY 1, 2 ORDER BY 1, 2")), load.Usage);
        foreach (var server in set.Servers)
        {
            await SameAsync(async () => HealthIn(await server.StatusAsync()), load.HealthAfter(known));
            await SameAsync(async () => string.Concat((await server.StatusAsync()).ConfigurationWarnings), "");
        }

        set.Query("CHECKPOINT");
    }

    // What each profile's health comes to, as a replica tells it.
    private static string HealthIn(AgentStatus status) => string.Join('\n', status.Auth.Profiles
        .OrderBy(profile => profile.ProfileId, StringComparer.Ordinal)
        .Select(profile => Load.HealthOf(
            profile.ProfileId, profile.ErrorCount, profile.LastUsedTime.ToDateTimeOffset(),
            status.Auth.UnusableProfiles.Where(unusable => unusable.ProfileId == profile.ProfileId)
                .Select(unusable => (unusable.Model, unusable.RecoverTime.ToDateTimeOffset())))));

    // The last difference is what the failed test shows.
    private static async Task SameAsync(Func<Task<string>> ask, string expected)
    {
        var last = "";
        try
        {
            await ServerFixture.EventuallyAsync(async () => (last = await ask()) == expected);
        }
        finally
        {
            Assert.Equal(expected, last);
        }
    }
}
