using ClawGrpc.Gateway.Stores;
using ClawGrpc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Postgres.Tests;

/// <summary>One replica's store, with a folder of its own.</summary>
internal sealed class Replica : IAsyncDisposable
{
    public const string Origin = "https://api.anthropic.com";

    private readonly TestFolder? _own;

    private Replica(DatabaseSettings settings, TimeProvider host, string? keyFile, TestFolder? folder)
    {
        var state = StateFolder.Resolve((folder ?? (_own = new TestFolder())).Path, _ => null, "/");
        (Clock, Configuration) = (new DatabaseClock(host), state.ConfigPath);
        Store = new PostgresStore(
            settings, Clock, state,
            store => Keys = new SealingKeys(state, _ => null, NullLogger<SealingKeys>.Instance, store.SealState, keyFile),
            "test", "1", NullLogger.Instance);
    }

    public PostgresStore Store { get; }

    public DatabaseClock Clock { get; }

    public SealingKeys Keys { get; private set; } = null!;

    public string Configuration { get; }

    /// <summary>Migrates the database of a URI.</summary>
    public static async Task<DatabaseSettings> PrepareAsync(string dsn)
    {
        var settings = DatabaseSettings.Of(dsn) with { LeaseTime = TimeSpan.FromSeconds(2) };
        await Schema.MigrateAsync(settings.Pool, Schema.Steps, CancellationToken.None);
        return settings;
    }

    /// <summary>Starts one.</summary>
    /// <param name="settings">Of <see cref="PrepareAsync"/>.</param>
    /// <param name="keys">The old one is its own.</param>
    /// <param name="host">Its host's clock; null for the system's.</param>
    /// <param name="folder">Null for one of its own.</param>
    public static async Task<Replica> StartAsync(
        DatabaseSettings settings, SealKeys keys, TimeProvider? host = null, TestFolder? folder = null)
    {
        var replica = new Replica(settings, host ?? TimeProvider.System, keys.Old, folder);
        await replica.Store.StartAsync(CancellationToken.None);
        replica.Keys.Use(null, Origin);
        return replica;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Keys.Dispose();
        _own?.Dispose();
    }
}
