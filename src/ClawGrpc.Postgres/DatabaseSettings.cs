using System.Net;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>Where the database is, and how it is talked to.</summary>
/// <param name="Pool">For statements; a pooler may stand between.</param>
/// <param name="Listen">
/// For LISTEN, which a pooler in transaction mode does not do; null: there is none, and changes are polled for.
/// </param>
internal sealed record DatabaseSettings(string Pool, string? Listen)
{
    /// <summary>How long a lease of a replica that is gone stands in the way.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For statements at once; one more listens.</summary>
    public int MostConnections { get; init; } = 10;

    /// <summary>Whether statements may be prepared, which a pooler in transaction mode does not allow.</summary>
    public bool MayPrepare { get; private init; }

    /// <summary>How often a snapshot is kept on the replica's disk, to start from without the database; null: never.</summary>
    public TimeSpan? BetweenSnapshots { get; init; }

    /// <summary>The steps of the tables that this version works on; tests give others.</summary>
    public IReadOnlyList<Schema.Step> Steps { get; init; } = Schema.Steps;

    /// <summary>For people.</summary>
    public string Place { get; private init; } = "";

    /// <summary>Reads the names of the databases.</summary>
    /// <param name="dsn">For statements.</param>
    /// <param name="listenDsn">For LISTEN: null for the same one, <c>none</c> for none.</param>
    /// <exception cref="ArgumentException">One is none.</exception>
    public static DatabaseSettings Of(string dsn, string? listenDsn = null)
    {
        var pool = Guarded(Dsn.Parse(dsn, "CLAWGRPC_DSN"));

        // Nothing is left in a session that the next user of the connection could see.
        pool.NoResetOnClose = true;
        var listen = listenDsn == "none" ? null
            : Guarded(listenDsn is null ? Dsn.Parse(dsn, "CLAWGRPC_DSN") : Dsn.Parse(listenDsn, "CLAWGRPC_LISTEN_DSN"));
        if (listen is not null)
        {
            // A connection that hangs half-open would hear nothing for ever.
            listen.Pooling = false;
            listen.KeepAlive = 15;
            listen.TcpKeepAlive = true;
        }

        return new DatabaseSettings(pool.ConnectionString, listen?.ConnectionString)
        {
            MayPrepare = listenDsn is null,
            Place = $"postgresql://{pool.Host}:{pool.Port}/{pool.Database}",
        };
    }

    /// <summary>Never the password.</summary>
    public override string ToString() => Place;

    private static NpgsqlConnectionStringBuilder Guarded(NpgsqlConnectionStringBuilder given)
    {
        var isLocal = given.Host!.StartsWith('/') || given.Host == "localhost"
            || (IPAddress.TryParse(given.Host, out var address) && IPAddress.IsLoopback(address));

        // ContainsKey is true for every name that Npgsql knows.
        if (!isLocal && !given.ShouldSerialize("SSL Mode"))
            given.SslMode = SslMode.VerifyFull;
        given.GssEncryptionMode = GssEncryptionMode.Disable;
        given.IncludeErrorDetail = false;
        given.ApplicationName ??= "clawgrpc";
        if (!given.ShouldSerialize("Timeout"))
            given.Timeout = 3;
        given.CommandTimeout = 5;
        given.CancellationTimeout = 500;
        given.Options = "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000";
        return given;
    }
}
