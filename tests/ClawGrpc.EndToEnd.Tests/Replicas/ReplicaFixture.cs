using System.Security.Cryptography;
using ClawGrpc.Client;
using ClawGrpc.Testing;
using Grpc.Net.Client;

namespace ClawGrpc.EndToEnd.Tests.Replicas;

/// <summary>The programs over a database of their own, with the sandbox as upstream.</summary>
internal sealed class ReplicaFixture : IAsyncDisposable
{
    private readonly PostgresCluster _cluster = new();
    private readonly string _database;

    private ReplicaFixture(ProcessFixture processes)
    {
        Processes = processes;
        var dsn = _cluster.NewDatabase();
        _database = PostgresCluster.NameIn(dsn);
        SealKey = NewSealKey("seal");
        Environment = new Dictionary<string, string>
        {
            ["CLAWGRPC_DSN"] = dsn,
            ["ANTHROPIC_BASE_URL"] = processes.Sandbox.BaseUrl,
        };
    }

    public ProcessFixture Processes { get; }

    /// <summary>What the programs need to find the database and upstream.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    public string SealKey { get; }

    public static async Task<ReplicaFixture> BuildAsync() => new(await ProcessFixture.BuildAsync());

    /// <summary>A path in the folder that goes with the test.</summary>
    public string InFolder(string name) => Path.Join(Processes.Path, name);

    /// <summary>Makes a key.</summary>
    /// <returns>Its file.</returns>
    public string NewSealKey(string name)
    {
        var file = InFolder($"{name}.key");
        File.WriteAllText(file, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        return file;
    }

    /// <summary>All of the database as SQL.</summary>
    public string Dump() => _cluster.Dump(_database);

    public string Query(string sql) => _cluster.Query(_database, sql);

    /// <summary>Runs <c>clawgrpc</c> to its end.</summary>
    public async Task<(int Code, string Out, string Error)> RunAsync(params IEnumerable<string> arguments)
    {
        var program = Processes.Keep(RunningProgram.Start("ClawGrpc.Server", "clawgrpc", Environment, arguments));
        return (await program.ExitAsync(), program.Out, program.Error);
    }

    /// <summary>Starts a replica with a folder of this name.</summary>
    public async Task<RunningProgram> ServeAsync(string name)
    {
        var program = Processes.Keep(RunningProgram.Start(
            "ClawGrpc.Server", "clawgrpc", Environment,
            ["--store", "postgres", "--seal-key", SealKey, "--replica-name", name, "--state-dir", InFolder(name)]));
        await program.LineWithAsync("clawgrpc ready on ");
        return program;
    }

    public GrpcChannel Connect(string name) =>
        ClawGrpcChannel.Create(ClawGrpcEndpoint.Parse($"unix:{InFolder(name)}/clawgrpc.sock"));

    public async ValueTask DisposeAsync()
    {
        await Processes.DisposeAsync();
        _cluster.Dispose();
    }
}
