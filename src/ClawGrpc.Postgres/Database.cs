using System.Diagnostics;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>The database cannot be reached, or does not do what it is asked to. What was asked for may have been done.</summary>
internal sealed class DatabaseException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Connections to the database, and whether it can be reached.</summary>
internal sealed class Database : IAsyncDisposable
{
    /// <summary>The channel of NOTIFY: its payload is the name of a document and its revision.</summary>
    public const string Channel = "clawgrpc";

    private const int MostTries = 3;

    // More than a lock is waited for (lock_timeout), so that a step of a migration that takes longer is waited for too.
    private static readonly TimeSpan LongestTrying = TimeSpan.FromSeconds(3);

    // While it is away, the others wait this long for what the one that asks finds out.
    private static readonly TimeSpan LongestWaiting = TimeSpan.FromMilliseconds(250);

    // Where nobody looks, as when the server stops, others ask as often as that.
    private static readonly TimeSpan BetweenAsks = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _asking = new(1);
    private long _awaySince;
    private long _asked;
    private volatile string _why = "";
    private volatile Func<NpgsqlConnection, CancellationToken, Task>? _check;

    public Database(DatabaseSettings settings, TimeProvider time)
    {
        (Settings, _time) = (settings, time);
        var pool = new NpgsqlConnectionStringBuilder(settings.Pool) { MaxPoolSize = settings.MostConnections };
        _source = SourceOf(pool.ConnectionString);
    }

    public DatabaseSettings Settings { get; }

    /// <summary>Since when it cannot be reached; null if it could be when it was last asked.</summary>
    public DateTimeOffset? AwaySince => Volatile.Read(ref _awaySince) is > 0 and var ticks
        ? new DateTimeOffset(ticks, TimeSpan.Zero)
        : null;

    /// <summary>Raised when it is away, and when it is back.</summary>
    public event Action? AwayChanged;

    /// <summary>It is away, and what serves is of a time before this process.</summary>
    /// <param name="since">That time.</param>
    /// <param name="check">Asked once it is back, before anything else is; it throws if the database cannot be used.</param>
    public void ServeSince(DateTimeOffset since, Func<NpgsqlConnection, CancellationToken, Task> check)
    {
        _check = check;
        Volatile.Write(ref _awaySince, since.UtcTicks);
    }

    /// <summary>Connections to the database of a name, with those parts of Npgsql that are used.</summary>
    public static NpgsqlDataSource SourceOf(string connectionString)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(connectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        return builder.Build();
    }

    /// <summary>
    /// Does some work on a connection, which is done again if the database asks for that or the connection breaks. While the
    /// database is away, that is refused at once as long as somebody looks whether it is back.
    /// </summary>
    /// <param name="work">It must do no harm when it is done twice.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="DatabaseException">It cannot be done.</exception>
    public Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation) => AwaySince is null
        ? TryAsync(work, MostTries, cancellation)
        : AskAsync(work, isLook: false, cancellation);

    /// <summary>The same, which asks the database also while it is away: whether it is back.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public Task<T> LookAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation) => AwaySince is null
        ? TryAsync(work, MostTries, cancellation)
        : AskAsync(work, isLook: true, cancellation);

    /// <summary>The same in a transaction, which ends with the work; what the work throws undoes it.</summary>
    public Task<T> TransactAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation) => RunAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            var result = await work(connection);

            // Whoever asked has to know whether it is done.
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        },
        cancellation);

    /// <summary>
    /// Prepares a statement that is executed often: the connection keeps it, so that it is parsed and planned once.
    /// </summary>
    public Task PrepareAsync(NpgsqlCommand command, CancellationToken cancellation) =>
        Settings.MayPrepare ? command.PrepareAsync(cancellation) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _asking.Dispose();
    }

    /// <summary>Whether an exception comes of the database or the way to it.</summary>
    public static bool IsOfDatabase(Exception exception) => exception is NpgsqlException or TimeoutException
        || (exception is IOException or System.Net.Sockets.SocketException);

    // Of those who want something of a database that is away, one asks: a hung one lets it wait as long as a statement may.
    private async Task<T> AskAsync<T>(
        Func<NpgsqlConnection, Task<T>> work, bool isLook, CancellationToken cancellation)
    {
        if (!await _asking.WaitAsync(LongestWaiting, cancellation))
            throw new DatabaseException(_why);
        try
        {
            if (AwaySince is not null)
            {
                if (!isLook && Stopwatch.GetElapsedTime(_asked) < BetweenAsks)
                    throw new DatabaseException(_why);
                try
                {
                    return await TryAsync(work, 1, cancellation);
                }
                finally
                {
                    _asked = Stopwatch.GetTimestamp();
                }
            }
        }
        finally
        {
            _asking.Release();
        }

        return await TryAsync(work, MostTries, cancellation);
    }

    private async Task<T> TryAsync<T>(Func<NpgsqlConnection, Task<T>> work, int most, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        for (var tries = 1; ; tries++)
        {
            try
            {
                await using var connection = await _source.OpenConnectionAsync(cancellation);
                await CheckAsync(connection, cancellation);
                var result = await work(connection);
                Note(null);
                return result;
            }
            catch (Exception exception) when (IsTransient(exception) && tries < most
                && Stopwatch.GetElapsedTime(began) < LongestTrying)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(5, 50) * tries), cancellation);
            }
            catch (Exception exception) when (IsOfDatabase(exception))
            {
                var why = Explained(exception);
                if (IsAway(exception))
                {
                    (_why, _asked) = (why, Stopwatch.GetTimestamp());
                    Note(_time.GetUtcNow());
                }

                throw new DatabaseException(why, exception);
            }
        }
    }

    private async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (_check is not { } check)
            return;
        try
        {
            await check(connection, cancellation);
            _check = null;
        }
        catch (UnusableDatabaseException exception)
        {
            _why = exception.Message;
            throw new DatabaseException(exception.Message, exception);
        }
    }

    private static bool IsTransient(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.SqlState is "40001" or "40P01" or "57P01" or "57P02" or "57P03" or "53300"
            or "55P03" || postgres.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException npgsql => npgsql.IsTransient,
        _ => false,
    };

    private static bool IsAway(Exception exception) => exception is not PostgresException
        || (exception is PostgresException { SqlState: var state }
            && (state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("08", StringComparison.Ordinal)
                || state is "53300" or "57014"));

    // An inner message says more than "Exception while reading from stream". Messages of the server name no values.
    private static string Explained(Exception exception) => exception switch
    {
        PostgresException postgres => $"{postgres.MessageText} (SQLSTATE {postgres.SqlState})",
        { InnerException: { } inner } => $"{exception.Message.TrimEnd('.')}: {inner.Message.TrimEnd('.')}",
        _ => exception.Message.TrimEnd('.'),
    };

    private void Note(DateTimeOffset? away)
    {
        var before = Volatile.Read(ref _awaySince);
        if ((before == 0) == away is null)
            return;
        if (Interlocked.CompareExchange(ref _awaySince, away?.UtcTicks ?? 0, before) == before)
            AwayChanged?.Invoke();
    }
}
