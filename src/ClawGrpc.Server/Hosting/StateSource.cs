using System.Text;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Postgres;

namespace ClawGrpc.Server.Hosting;

/// <summary>
/// Where the state is: in files, or in a database that replicas share; and the parts of the server that this decides.
/// </summary>
/// <param name="Database">Null: in files.</param>
/// <param name="SealKey">The file of the key that secrets are sealed with; null: as configured.</param>
/// <param name="ReplicaName">For people.</param>
internal sealed record StateSource(DatabaseSettings? Database, string? SealKey, string ReplicaName)
{
    /// <summary>In the files of the state folder.</summary>
    public static readonly StateSource Files = new(null, null, "");

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenSnapshots = TimeSpan.FromMinutes(1);

    /// <summary>What the command line asks for, and the variables <c>CLAWGRPC_DSN</c> and <c>CLAWGRPC_LISTEN_DSN</c>.</summary>
    /// <exception cref="StartException">No database is named, or what is named is none.</exception>
    public static StateSource Of(CommandLine command, Func<string, string?> environment) => new(
        command.IsReplica
            ? DatabaseOf(environment) with { BetweenSnapshots = command.KeepsSnapshot ? BetweenSnapshots : null }
            : command.KeepsSnapshot ? throw new StartException("--snapshot is for a server with --store postgres.") : null,
        command.SealKey, command.ReplicaName ?? Environment.MachineName);

    /// <summary>The database that the variables name.</summary>
    /// <exception cref="StartException">No database is named, or what is named is none.</exception>
    public static DatabaseSettings DatabaseOf(Func<string, string?> environment)
    {
        var dsn = environment("CLAWGRPC_DSN") is { Length: > 0 } given ? given
            : environment("CREDENTIALS_DIRECTORY") is { Length: > 0 } folder && File.Exists(Path.Join(folder, "clawgrpc-dsn"))
                ? File.ReadAllText(Path.Join(folder, "clawgrpc-dsn")).Trim()
                : throw new StartException("Set CLAWGRPC_DSN to the database, such as postgresql://clawgrpc_app@HOST/NAME. A "
                    + "password belongs into it or into a .pgpass file, and never on a command line.");
        try
        {
            return DatabaseSettings.Of(dsn, environment("CLAWGRPC_LISTEN_DSN"));
        }
        catch (ArgumentException exception)
        {
            throw new StartException(exception.Message);
        }
    }

    /// <summary>The clock that counts: the database's where there is one.</summary>
    public TimeProvider ClockOn(TimeProvider host) => Database is null ? host : new DatabaseClock(host);

    /// <summary>Adds the store, and what is kept where it is.</summary>
    public void Add(IServiceCollection services, StateFolder folder)
    {
        if (Database is null)
        {
            services.AddSingleton(provider => new SealingKeys(
                    folder, Environment.GetEnvironmentVariable, provider.GetRequiredService<ILogger<SealingKeys>>(),
                    keyFile: SealKey))
                .AddSingleton<IStateStore>(FilesOf)
                .AddSingleton(_ => ServerKey.Load(folder, Environment.GetEnvironmentVariable));
            return;
        }

        var opened = new OpenedKey();
        services.AddSingleton(provider => new PostgresStore(
                Database, (DatabaseClock)provider.GetRequiredService<TimeProvider>(), folder,
                store => new SealingKeys(
                    folder, Environment.GetEnvironmentVariable, provider.GetRequiredService<ILogger<SealingKeys>>(),
                    store.SealState, SealKey),
                ReplicaName, Gateway.Upstream.ProductVersion.Text, provider.GetRequiredService<ILogger<PostgresStore>>()))
            .AddSingleton<IStateStore>(provider => provider.GetRequiredService<PostgresStore>())
            .AddSingleton(provider => provider.GetRequiredService<PostgresStore>().Keys)
            .AddSingleton(opened)
            .AddSingleton(_ => opened.Key ?? throw new InvalidOperationException("The server's key is not read yet."));
    }

    // A server with files would find the folder of a replica empty, and begin another state there.
    private async Task TakeFolderAsync(StateFolder folder)
    {
        var isReplicas = File.Exists(folder.ReplicaPath);
        if (Database is not null && !isReplicas)
            await AtomicFile.WriteAsync(folder.ReplicaPath, Encoding.UTF8.GetBytes($"{Database}\n"));
        if (Database is null && isReplicas)
        {
            throw new StartException(
                $"{folder.Path} is the folder of a replica, whose state is in a database. Start the replica with "
                    + "--store postgres, or a server with files in another --state-dir. To use the files of this folder, "
                    + $"remove {folder.ReplicaPath}.");
        }
    }

    /// <summary>
    /// Waits for the database, and refuses one that waiting does not mend. A replica that keeps a snapshot starts from that
    /// instead.
    /// </summary>
    /// <exception cref="StartException">It cannot be used.</exception>
    public async Task OpenAsync(IServiceProvider services)
    {
        await TakeFolderAsync(services.GetRequiredService<StateFolder>());
        if (Database is null)
            return;
        var store = services.GetRequiredService<PostgresStore>();
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                await store.StartAsync(CancellationToken.None);
                await store.CheckWritesAsync(CancellationToken.None);
                return;
            }
            catch (DatabaseException exception) when (exception.IsLasting)
            {
                throw new StartException(exception.Message);
            }
            catch (DatabaseException exception)
            {
                if (isFirst && await StartsFromSnapshotAsync(store))
                    return;
                if (isFirst)
                    await Console.Error.WriteLineAsync($"Waiting for the database. {exception.Message.TrimEnd('.')}.");
                await Task.Delay(BetweenTries);
            }
            catch (UnusableDatabaseException exception)
            {
                throw new StartException(exception.Message);
            }
        }
    }

    private async Task<bool> StartsFromSnapshotAsync(PostgresStore store)
    {
        if (Database!.BetweenSnapshots is null)
            return false;
        try
        {
            var taken = await store.StartFromSnapshotAsync();
            await Console.Error.WriteLineAsync(
                $"Warning: the database {Database} is away. The server starts from its snapshot of "
                    + $"{taken:yyyy-MM-dd'T'HH:mm:ss'Z'}, and takes up the database when that is back.");
            return true;
        }
        catch (UnusableSnapshotException exception)
        {
            await Console.Error.WriteLineAsync($"Warning: {exception.Message}");
            return false;
        }
    }

    /// <summary>Reads the server's key, once the sealing keys are known.</summary>
    /// <exception cref="StartException">It cannot be had.</exception>
    public async Task OpenKeyAsync(IServiceProvider services)
    {
        if (Database is null)
            return;
        try
        {
            services.GetRequiredService<OpenedKey>().Key =
                await services.GetRequiredService<PostgresStore>().OpenServerKeyAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is UnusableDatabaseException or DatabaseException)
        {
            throw new StartException(exception.Message);
        }
    }

    // The configuration is read from the store, and says where some agents' files are: it is asked when an agent is.
    private static FileStore FilesOf(IServiceProvider services) => new(
        services.GetRequiredService<StateFolder>(),
        agentId => services.GetRequiredService<LiveConfiguration>().Current.Configuration.Agents.Find(agentId)?.AgentDir,
        services.GetRequiredService<TimeProvider>(), keys: services.GetRequiredService<SealingKeys>());

    // Read while the server starts, before anything that needs it is made.
    private sealed class OpenedKey
    {
        public ServerKey? Key { get; set; }
    }
}
