using System.Diagnostics;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>The database cannot be reached, or does not do what it is asked to. What was asked for may have been done.</summary>
internal sealed class DatabaseException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether waiting does not mend it: the name of the database, the role or its rights are wrong.</summary>
    public bool IsLasting => InnerException is { } cause && DatabaseFaults.IsLasting(cause);
}

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

    // Where the looks have ended, others ask this often: longer than a stop takes, which must not wait for a database that hangs.
    private static readonly TimeSpan BetweenAsks = TimeSpan.FromSeconds(10);

    private readonly NpgsqlDataSource _source;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _asking = new(1);
    private long _awaySince;
    private long _asked;
    private volatile string _why = "";
    private volatile string? _refusal;

    // Before anything else is asked of the database, it is asked whether it can be used.
    private volatile bool _isUnchecked;

    public Database(DatabaseSettings settings, TimeProvider time)
    {
        (Settings, _time) = (settings, time);
        var pool = new NpgsqlConnectionStringBuilder(settings.Pool) { MaxPoolSize = settings.MostConnections };
        (_source, _patience) = (SourceOf(pool.ConnectionString), PatienceOf(pool));
    }

    public DatabaseSettings Settings { get; }

    /// <summary>Since when it cannot be reached; null if it could be when it was last asked.</summary>
    public DateTimeOffset? AwaySince => Volatile.Read(ref _awaySince) is > 0 and var ticks
        ? new DateTimeOffset(ticks, TimeSpan.Zero)
        : null;

    /// <summary>Why it counts as away though it is there: it does not let this replica write. Null otherwise.</summary>
    public string? Refusal => _refusal;

    /// <summary>Raised when it is away, and when it is back.</summary>
    public event Action? AwayChanged;

    /// <summary>It is away, and what serves is of a time before this process. The database is checked once it is back.</summary>
    /// <param name="since">That time.</param>
    public void ServeSince(DateTimeOffset since)
    {
        _isUnchecked = true;
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
    /// Opens a connection. Npgsql waits for each answer of a login by itself, so a database that hangs would take several times
    /// the patience.
    /// </summary>
    public static Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellation) =>
        OpenAsync(source, PatienceOf(new NpgsqlConnectionStringBuilder(source.ConnectionString)), cancellation);

    private static TimeSpan PatienceOf(NpgsqlConnectionStringBuilder settings) => settings.Timeout > 0
        ? TimeSpan.FromSeconds(settings.Timeout * settings.Host!.Split(',').Length)
        : Timeout.InfiniteTimeSpan;

    private static async Task<NpgsqlConnection> OpenAsync(
        NpgsqlDataSource source, TimeSpan patience, CancellationToken cancellation)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ends.CancelAfter(patience);
        try
        {
            return await source.OpenConnectionAsync(ends.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
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
                await using var connection = await OpenAsync(_source, _patience, cancellation);
                await CheckAsync(connection, cancellation);
                var result = await work(connection);
                if (!_isUnchecked)
                    Note(null);
                return result;
            }
            catch (Exception exception) when (DatabaseFaults.IsTransient(exception) && tries < most
                && Stopwatch.GetElapsedTime(began) < LongestTrying)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(5, 50) * tries), cancellation);
            }
            catch (Exception exception) when (DatabaseFaults.IsOfDatabase(exception))
            {
                var why = DatabaseFaults.Explained(exception);
                if (DatabaseFaults.IsAway(exception) || DatabaseFaults.IsRefused(exception))
                {
                    // A read that succeeds does not say that a write would.
                    var isRefused = DatabaseFaults.IsRefused(exception);
                    _isUnchecked |= isRefused;
                    (_why, _refusal, _asked) = (why, isRefused ? why : null, Stopwatch.GetTimestamp());
                    Note(_time.GetUtcNow());
                }

                throw new DatabaseException(why, exception);
            }
        }
    }

    private async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (!_isUnchecked)
            return;
        try
        {
            await Schema.CheckAsync(connection, Settings.Steps, cancellation);
            await Schema.CheckWritesAsync(connection, cancellation);
            (_refusal, _isUnchecked) = (null, false);
        }
        catch (Exception exception) when (exception is UnusableDatabaseException or DatabaseException)
        {
            _why = exception.Message;
            _refusal = exception.Message.TrimEnd('.');
            throw new DatabaseException(exception.Message, exception);
        }
    }

    private void Note(DateTimeOffset? away)
    {
        var before = Volatile.Read(ref _awaySince);
        if ((before == 0) == away is null)
            return;
        if (Interlocked.CompareExchange(ref _awaySince, away?.UtcTicks ?? 0, before) == before)
            AwayChanged?.Invoke();
    }
}
