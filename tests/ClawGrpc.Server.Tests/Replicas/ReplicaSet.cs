using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ClawGrpc.Client;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Postgres;
using ClawGrpc.Server.Hosting;
using ClawGrpc.Server.Tests.Harness;
using ClawGrpc.Server.Tests.OAuth;
using ClawGrpc.Testing;
using ClawGrpc.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClawGrpc.Server.Tests.Replicas;

/// <summary>
/// Real servers over one database, each with a folder of its own, and the sandbox as their upstream. Their clock is the
/// database's.
/// </summary>
internal sealed class ReplicaSet : IAsyncDisposable
{
    private readonly PostgresCluster _cluster;
    private readonly SealKeys _keys = new();
    private readonly List<Server> _servers = [];
    private DatabaseSettings _settings;

    private ReplicaSet(PostgresCluster cluster, Sandbox sandbox)
    {
        (_cluster, Sandbox) = (cluster, sandbox);
        var dsn = cluster.NewDatabase();
        (Database, _settings) = (PostgresCluster.NameIn(dsn), DatabaseSettings.Of(dsn));
    }

    public Sandbox Sandbox { get; }

    public string Database { get; }

    /// <summary>The replicas.</summary>
    public IReadOnlyList<Server> Servers => _servers;

    public Server this[int number] => _servers[number];

    /// <summary>Starts some.</summary>
    /// <param name="cluster">Where the database is made.</param>
    /// <param name="count">How many.</param>
    /// <param name="more">Further members of the configuration, as JSON5; <c>$upstream</c> is the sandbox's URL.</param>
    /// <param name="sandbox">How upstream behaves.</param>
    /// <param name="patience">In seconds, for a connection and for a statement; null for the usual.</param>
    public static async Task<ReplicaSet> StartAsync(
        PostgresCluster cluster, int count, string more = "", SandboxOptions? sandbox = null, int? patience = null)
    {
        var set = new ReplicaSet(cluster, await Sandbox.StartAsync(sandbox ?? new SandboxOptions()));
        if (patience is not null)
            set._settings = set._settings with { Pool = $"{set._settings.Pool};Timeout={patience};Command Timeout={patience}" };
        await Schema.MigrateAsync(set._settings.Pool, Schema.Steps, CancellationToken.None);
        var upstream = set.Sandbox.BaseUrl;
        set.Query("INSERT INTO clawgrpc.document (name, body, revision) VALUES ('clawgrpc.json', convert_to($t$"
            + $"{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{upstream}', models: [] }} }} }}, "
            + $"{more.Replace("$upstream", upstream, StringComparison.Ordinal)} }}$t$, 'UTF8'), 1)");
        for (var number = 0; number < count; number++)
            await set.AddAsync();
        return set;
    }

    /// <summary>One more replica.</summary>
    /// <param name="host">The clock of its host; null for the system's.</param>
    /// <param name="steps">The tables that its version works on; null for those of this version.</param>
    /// <param name="newKey">Whether it has the new sealing key and not the old one.</param>
    /// <param name="log">Gets its log.</param>
    public async Task<Server> AddAsync(
        TimeProvider? host = null, IReadOnlyList<Schema.Step>? steps = null, bool newKey = false, LogLines? log = null)
    {
        var settings = _settings with { Steps = steps ?? Schema.Steps };
        var server = await Server.StartAsync(
            new StateSource(settings, newKey ? _keys.New : _keys.Old, $"replica {_servers.Count}"),
            host ?? TimeProvider.System, log: log);
        _servers.Add(server);
        return server;
    }

    /// <summary>Stores the login of <see cref="Login"/>, which is to be refreshed.</summary>
    public void StoreExpiredLogin()
    {
        var expired = DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds();
        var login = $$"""
            { "type": "oauth", "provider": "anthropic", "access": "{{Login.Access}}", "refresh": "{{Login.Refresh}}",
              "expires": {{expired}} }
            """;
        Query($$"""
            INSERT INTO clawgrpc.document (name, revision, body) VALUES ('agents/main/agent/auth-profiles.json', 1,
                convert_to('{ "version": 1, "profiles": { "{{Credentials.One}}": {{login}} } }', 'UTF8'))
            """);
    }

    /// <summary>One more replica that keeps snapshots, often.</summary>
    /// <param name="files">Its folder, which stays.</param>
    /// <param name="otherKey">Whether it has another sealing key than the others.</param>
    public async Task<Server> AddWithSnapshotAsync(StateFiles files, bool otherKey = false)
    {
        var settings = _settings with { BetweenSnapshots = TimeSpan.FromMilliseconds(50) };
        var source = new StateSource(settings, otherKey ? _keys.New : _keys.Old, "with a snapshot");
        var server = await Server.StartAsync(source, TimeProvider.System, files);
        _servers.Add(server);
        return server;
    }

    /// <summary>One more replica.</summary>
    /// <param name="files">Its folder, which stays.</param>
    public async Task<Server> AddAsync(StateFiles files)
    {
        var server = await Server.StartAsync(new StateSource(_settings, _keys.Old, "again"), TimeProvider.System, files);
        _servers.Add(server);
        return server;
    }

    /// <summary>Stops one.</summary>
    public async Task RemoveAsync(Server server)
    {
        _servers.Remove(server);
        await server.DisposeAsync();
    }

    /// <summary>Takes further steps of the tables.</summary>
    public Task<IReadOnlyList<string>> MigrateAsync(IReadOnlyList<Schema.Step> steps) =>
        Schema.MigrateAsync(_settings.Pool, steps, CancellationToken.None);

    /// <summary>Gives a replica the new sealing key, as <c>~/new.key</c>.</summary>
    public void GiveNewKey(Server server) =>
        SealKeys.Write(server.Files["new.key"], File.ReadAllText(_keys.New));

    public string Query(string sql) => _cluster.Query(Database, sql);

    public string Dump() => _cluster.Dump(Database);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_servers.Select(server => server.DisposeAsync().AsTask()));
        await Sandbox.DisposeAsync();
        _keys.Dispose();
    }

    /// <summary>One replica.</summary>
    internal sealed class Server : IAsyncDisposable
    {
        private static readonly IConfiguration NoConsole = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Console:LogLevel:Default", nameof(LogLevel.None))]).Build();

        private readonly bool _ownsFiles;
        private readonly WebApplication _app;
        private readonly GrpcChannel _channel;

        private Server(StateFiles files, bool ownsFiles, WebApplication app, GrpcChannel channel) =>
            (Files, _ownsFiles, _app, _channel) = (files, ownsFiles, app, channel);

        /// <summary>Its own folder.</summary>
        public StateFiles Files { get; }

        public AuthService.AuthServiceClient Auth => new(_channel);

        public ModelService.ModelServiceClient Models => new(_channel);

        public AccessService.AccessServiceClient Access => new(_channel);

        /// <summary>The revision that the store gave to the last change of an agent that this replica made or heard of.</summary>
        public long RevisionOf(string agent) => _app.Services.GetRequiredService<IStateStore>().RevisionOf(agent);

        public static async Task<Server> StartAsync(
            StateSource source, TimeProvider host, StateFiles? kept = null, LogLines? log = null)
        {
            var files = kept ?? new StateFiles();
            var address = new ListenAddress.UnixSocket(files["clawgrpc.sock"]);
            var folder = StateFolder.Resolve(files.Path, _ => null, files.Path);
            try
            {
                var app = await ServerHost.BuildAsync(
                    folder, new Listening([address]) { Http = [new ListenAddress.UnixSocket(files["http.sock"])] }, host, log,
                    logging: LogSettings.None with { Variables = NoConsole }, source: source);
                await app.StartAsync();
                return new Server(files, kept is null, app, ClawGrpcChannel.Create(ClawGrpcEndpoint.Parse($"{address}")));
            }
            catch
            {
                if (kept is null)
                    files.Dispose();
                throw;
            }
        }

        /// <summary>The lines of its audit about an event.</summary>
        public async Task<List<JsonElement>> AuditAsync(string what)
        {
            await Access.GetAuditHeadAsync(new GetAuditHeadRequest());
            var lines = await File.ReadAllLinesAsync(Files["audit.jsonl"]);
            return [.. lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.Text("event") == what)];
        }

        public async Task OnboardAsync(string profile, string key) => await Auth.OnboardAsync(
            new OnboardRequest { ProfileId = profile, ApiKey = new ApiKeyCredential { Key = key } });

        public async Task<AgentStatus> StatusAsync() => (await Models.GetStatusAsync(new GetStatusRequest())).Status;

        /// <summary>A part of the running server.</summary>
        public T Part<T>()
            where T : notnull => _app.Services.GetRequiredService<T>();

        /// <summary>The state of gRPC health.</summary>
        public async Task<HealthCheckResponse.Types.ServingStatus> HealthAsync() =>
            (await new Health.HealthClient(_channel).CheckAsync(new HealthCheckRequest())).Status;

        /// <summary>What a path of the listener for HTTP answers.</summary>
        public async Task<(HttpStatusCode Status, string Text)> GetAsync(string path)
        {
            using var http = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(Files["http.sock"]), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            using var answer = await http.GetAsync(new Uri($"http://localhost{path}"));
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        /// <summary>The profile that would serve.</summary>
        public async Task<string> PlanAsync(string session) => (await Models.PlanCompletionAsync(new PlanCompletionRequest
        {
            Input = Prompts.Input(with: input => input.SessionId = session),
        })).Receipt.ProfileId;

        /// <summary>The profile that served, or the reason of the refusal.</summary>
        public async Task<string> CompleteAsync(string session = "", Metadata? headers = null)
        {
            try
            {
                var answer = await Models.CompleteAsync(
                    new CompleteRequest { Input = Prompts.Input(with: input => input.SessionId = session) }, headers);
                return answer.Receipt.ProfileId;
            }
            catch (RpcException exception)
            {
                return new CallFailure(exception).Reason;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _channel.Dispose();
            await _app.StopAsync();
            await _app.DisposeAsync();
            if (_ownsFiles)
                Files.Dispose();
        }
    }
}
