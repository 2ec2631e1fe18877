using System.Diagnostics;
using ClawGrpc.Testing;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>Servers as processes over one PostgreSQL database, each with a folder of its own.</summary>
internal sealed class ReplicaProcesses : IAsyncDisposable
{
    private const string Login = "anthropic:login";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly PostgresCluster _cluster = new();
    private readonly SealKeys _keys = new();
    private readonly string _dsn;
    private readonly Dictionary<string, (ProcessFixture Fixture, RunningProgram Server)> _replicas = [];

    private ReplicaProcesses(TokenGate tokens) => (Tokens, _dsn) = (tokens, _cluster.NewDatabase());

    public TokenGate Tokens { get; }

    public int Count => _replicas.Count;

    public static async Task<ReplicaProcesses> StartAsync(int count)
    {
        var replicas = new ReplicaProcesses(await TokenGate.StartAsync());
        for (var number = 0; number < count; number++)
        {
            var fixture = await ProcessFixture.BuildAsync();
            if (number == 0)
            {
                var migrate = RunningProgram.Start("ClawGrpc.Server", "clawgrpc", replicas.Environment, ["migrate"]);
                Assert.Equal(0, await fixture.Keep(migrate).ExitAsync());
                replicas.Query("INSERT INTO clawgrpc.document (name, body, revision) VALUES ('clawgrpc.json', convert_to($t$"
                    + $"{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{fixture.Sandbox.BaseUrl}', models: [] }} }} }}, "
                    + $"clawgrpc: {{ oauth: {{ tokenUrl: '{replicas.Tokens.Url}', clientId: 'client' }} }} }}$t$, 'UTF8'), 1)");
            }

            replicas._replicas[$"replica-{number}"] = (fixture, await replicas.ServeAsync(fixture, $"replica-{number}"));
        }

        // From now on all look after the agent's logins.
        await replicas.ReachAsync("MISSING_CREDENTIALS");
        return replicas;
    }

    private Dictionary<string, string> Environment => new() { ["CLAWGRPC_DSN"] = _dsn };

    /// <summary>Replaces all profiles by one login that is to be refreshed.</summary>
    public void StoreLogin(string refresh) => Query($$"""
        INSERT INTO clawgrpc.document AS document (name, revision, body) VALUES ('agents/main/agent/auth-profiles.json', 1,
            convert_to('{ "version": 1, "profiles": { "{{Login}}": { "type": "oauth", "provider": "anthropic",
                "access": "sk-ant-oat01-FAKE-old", "refresh": "{{refresh}}", "expires": 1 } } }', 'UTF8'))
        ON CONFLICT (name) DO UPDATE SET body = excluded.body, revision = document.revision + 1;
        SELECT pg_notify('clawgrpc', name || ' ' || revision) FROM clawgrpc.document WHERE name LIKE '%auth-profiles.json'
        """);

    /// <summary>The stored profiles.</summary>
    public string Profiles() =>
        Query("SELECT convert_from(body, 'UTF8') FROM clawgrpc.document WHERE name = 'agents/main/agent/auth-profiles.json'");

    /// <summary>The replica that has the lease.</summary>
    public string Holder() => Query(
        "SELECT replica.name FROM clawgrpc.lease JOIN clawgrpc.replica ON id = holder WHERE until > clock_timestamp()");

    /// <summary>All leases are over.</summary>
    public void EndLeases() => Query("UPDATE clawgrpc.lease SET until = '-infinity'");

    /// <summary>What kills a replica.</summary>
    public Action KillOf(string replica)
    {
        var server = _replicas[replica].Server;
        return () => server.Signal(RunningProgram.SigKill);
    }

    /// <summary>Waits for the end of one that was killed.</summary>
    public Task GoneAsync(string replica) => _replicas[replica].Server.ExitAsync();

    /// <summary>Whether a replica keeps what was granted on its disk.</summary>
    public bool HasGranted(string replica) => File.Exists(
        Path.Join(Path.GetDirectoryName(_replicas[replica].Fixture.ProfilesPath), "clawgrpc-granted.json"));

    public async Task RestartAsync(string replica)
    {
        var fixture = _replicas[replica].Fixture;
        _replicas[replica] = (fixture, await ServeAsync(fixture, replica));
    }

    /// <summary>What each replica that runs makes of a completion: <c>served</c>, or the reason of its refusal.</summary>
    public Task<string[]> OutcomesAsync() =>
        Task.WhenAll(_replicas.Values.Where(each => !each.Server.HasExited).Select(each => CompleteAsync(each.Fixture)));

    /// <summary>Waits until all make the same of it.</summary>
    public async Task ReachAsync(string outcome)
    {
        var start = Stopwatch.GetTimestamp();
        string[] outcomes;
        while ((outcomes = await OutcomesAsync()).Any(each => each != outcome))
            Assert.True(Stopwatch.GetElapsedTime(start) < Longest, $"Not {outcome}: {string.Join(", ", outcomes)}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (fixture, _) in _replicas.Values)
            await fixture.DisposeAsync();
        await Tokens.DisposeAsync();
        _cluster.Dispose();
        _keys.Dispose();
    }

    private string Query(string sql) => _cluster.Query(PostgresCluster.NameIn(_dsn), sql);

    private Task<RunningProgram> ServeAsync(ProcessFixture fixture, string name) => fixture.ServeAsync(
        Environment, "--store", "postgres", "--seal-key", _keys.Old, "--replica-name", name);

    private static async Task<string> CompleteAsync(ProcessFixture fixture)
    {
        using var channel = fixture.Connect();
        return await ProcessFixture.CompleteAsync(channel);
    }
}
