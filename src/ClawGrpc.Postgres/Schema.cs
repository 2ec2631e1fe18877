using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>The database cannot be used as it is. The message says what to do.</summary>
internal sealed class UnusableDatabaseException(string message) : Exception(message);

/// <summary>
/// The tables, made and changed by numbered steps. A server works on its own version and on the next one, which adds and takes
/// nothing away, so that two versions run side by side while replicas are replaced.
/// </summary>
internal static class Schema
{
    // Of all programs that could migrate at once, one does.
    private const long AdvisoryKey = 0x636c6177;
    private const string LockNotAvailable = "55P03";
    private const string Deadlock = "40P01";
    private const int MostTries = 60;
    private const string Applied = "SELECT number, name, sha256 FROM clawgrpc.schema_version ORDER BY number";

    private const string Lacking = """
        SELECT current_setting('transaction_read_only') = 'on',
            (SELECT string_agg(name, ', ') FROM unnest(
                ARRAY['document', 'lease', 'usage', 'usage_batch', 'session_pin', 'replica']) AS name
            WHERE NOT (has_table_privilege('clawgrpc.' || name, 'SELECT') AND has_table_privilege('clawgrpc.' || name, 'INSERT')
                AND has_table_privilege('clawgrpc.' || name, 'UPDATE') AND has_table_privilege('clawgrpc.' || name, 'DELETE'))),
            current_user::text
        """;

    // Much less than the two seconds that a server waits for a lock.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(0.5);

    /// <summary>The steps of this version, in order.</summary>
    public static IReadOnlyList<Step> Steps { get; } = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(name => char.IsAsciiDigit(name[0])).Order(StringComparer.Ordinal).Select(Step.Of)];

    /// <summary>
    /// Brings the tables to the version of these steps, while servers work on them. A step that has to wait for a lock gives up
    /// soon, since what comes after it waits behind it, and is tried again.
    /// </summary>
    /// <param name="connectionString">Of a role that may create tables.</param>
    /// <param name="steps">The steps; those of this version but for tests.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The names of the steps that were taken.</returns>
    /// <exception cref="UnusableDatabaseException">
    /// They are of a newer version, a step was changed after it was taken, or something keeps a lock on the tables.
    /// </exception>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString, IReadOnlyList<Step> steps, CancellationToken cancellation)
    {
        // A step may take its time; only its waiting for locks is short.
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            CommandTimeout = 0,
            Options = $"-c lock_timeout={LongestWait.TotalMilliseconds:0}",
            Pooling = false,
        };
        await using var source = Database.SourceOf(settings.ConnectionString);
        await using var connection = await Database.OpenAsync(source, cancellation);
        var taken = new List<string>();
        foreach (var step in steps)
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    if (await TakeAsync(connection, step, steps, cancellation))
                        taken.Add(step.Name);
                    break;
                }
                catch (PostgresException exception) when (exception.SqlState is LockNotAvailable or Deadlock)
                {
                    if (tries == MostTries)
                    {
                        throw new UnusableDatabaseException(
                            $"Step {step.Name} was not taken, since something keeps a lock on the tables: "
                                + $"{exception.MessageText}. End what has a transaction open there (pg_stat_activity), and try "
                                + "again: clawgrpc migrate");
                    }

                    await Task.Delay(BetweenTries * (0.5 + Random.Shared.NextDouble()), cancellation);
                }
            }
        }

        await GrantAsync(connection, cancellation);
        return taken;
    }

    /// <summary>Refuses tables that this version cannot work on.</summary>
    /// <exception cref="UnusableDatabaseException">They are missing, older, or more than one step newer.</exception>
    /// <exception cref="DatabaseException">They cannot be looked at.</exception>
    public static Task CheckAsync(Database database, IReadOnlyList<Step> steps, CancellationToken cancellation) =>
        database.LookAsync(
            async connection =>
            {
                await CheckAsync(connection, steps, cancellation);
                return true;
            },
            cancellation);

    /// <inheritdoc cref="CheckAsync(Database, IReadOnlyList{Step}, CancellationToken)"/>
    public static async Task CheckAsync(NpgsqlConnection connection, IReadOnlyList<Step> steps, CancellationToken cancellation)
    {
        await using var exists = new NpgsqlCommand("SELECT to_regclass('clawgrpc.schema_version') IS NOT NULL", connection);
        var applied = (bool)(await exists.ExecuteScalarAsync(cancellation))! ? await AppliedAsync(connection, cancellation) : [];
        Check(applied, steps);
        if (steps.FirstOrDefault(step => applied.All(each => each.Number != step.Number)) is { } missing)
        {
            throw new UnusableDatabaseException(
                $"The database lacks step {missing.Name} of its tables. Bring it up to date first: clawgrpc migrate");
        }
    }

    /// <summary>Refuses a database that this role may not write.</summary>
    /// <exception cref="UnusableDatabaseException">The role lacks rights.</exception>
    /// <exception cref="DatabaseException">The database is read-only, which may pass.</exception>
    public static async Task CheckWritesAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Lacking, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        if (reader.GetBoolean(0))
            throw new DatabaseException("The database is a standby or read-only. Name the primary in CLAWGRPC_DSN");
        if (!reader.IsDBNull(1))
        {
            throw new UnusableDatabaseException(
                $"The role {reader.GetString(2)} may not read and write these tables: {reader.GetString(1)}. Give it its rights: "
                    + "clawgrpc migrate does that for clawgrpc_app");
        }
    }

    // Each step in a transaction of its own: one that fails undoes nothing of those before it. False: it was taken before.
    private static async Task<bool> TakeAsync(
        NpgsqlConnection connection, Step step, IReadOnlyList<Step> steps, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await RunAsync(connection, $"SELECT pg_advisory_xact_lock({AdvisoryKey})", cancellation);
        await RunAsync(connection, """
            CREATE SCHEMA IF NOT EXISTS clawgrpc;
            CREATE TABLE IF NOT EXISTS clawgrpc.schema_version (
                number int PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
                applied timestamptz NOT NULL DEFAULT clock_timestamp())
            """, cancellation);
        var applied = await AppliedAsync(connection, cancellation);
        Check(applied, steps);
        if (applied.Any(each => each.Number == step.Number))
            return false;
        await RunAsync(connection, step.Sql, cancellation);
        await using var note = new NpgsqlCommand(
            "INSERT INTO clawgrpc.schema_version (number, name, sha256) VALUES ($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = step.Number }, new() { Value = step.Name }, new() { Value = step.Sha256 } },
        };
        await note.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    // Each time: a role may be newer than the steps, or have lost its rights.
    private static async Task GrantAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await RunAsync(connection, $"SELECT pg_advisory_xact_lock({AdvisoryKey})", cancellation);
        await RunAsync(connection, Grants, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static void Check(IReadOnlyList<(int Number, string Name, string Sha256)> applied, IReadOnlyList<Step> steps)
    {
        var newest = steps.Count == 0 ? 0 : steps[^1].Number;
        if (applied.Count > 0 && applied[^1].Number > newest + 1)
        {
            throw new UnusableDatabaseException(
                $"The database is at step {applied[^1].Name}, more than one ahead of this version ({newest}). Use a newer "
                    + "clawgrpc.");
        }

        foreach (var (number, name, sha256) in applied)
        {
            if (steps.FirstOrDefault(step => step.Number == number) is { } known && known.Sha256 != sha256)
            {
                throw new UnusableDatabaseException(
                    $"Step {name} of the database's tables is not the one that this version has: they were made by another "
                        + "program.");
            }
        }
    }

    // Roles are made by who administers the database; those that are there get what they need.
    private const string Grants = """
        DO $$
        BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clawgrpc_app') THEN
                GRANT USAGE ON SCHEMA clawgrpc TO clawgrpc_app;
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA clawgrpc TO clawgrpc_app;
                REVOKE INSERT, UPDATE, DELETE ON clawgrpc.schema_version FROM clawgrpc_app;
            END IF;
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'clawgrpc_read') THEN
                GRANT USAGE ON SCHEMA clawgrpc TO clawgrpc_read;
                GRANT SELECT ON clawgrpc.document_index, clawgrpc.usage, clawgrpc.replica, clawgrpc.schema_version
                    TO clawgrpc_read;
            END IF;
        END $$
        """;

    private static async Task<IReadOnlyList<(int Number, string Name, string Sha256)>> AppliedAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        var applied = new List<(int, string, string)>();
        await using var command = new NpgsqlCommand(Applied, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            applied.Add((reader.GetInt32(0), reader.GetString(1), reader.GetString(2)));
        return applied;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>One step.</summary>
    /// <param name="Number">From 1.</param>
    /// <param name="Name">With its number, such as <c>001_documents</c>.</param>
    /// <param name="Sql">What it does, in one transaction.</param>
    internal sealed record Step(int Number, string Name, string Sql)
    {
        /// <summary>Of the SQL, in hexadecimal.</summary>
        public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

        /// <summary>The step of a resource.</summary>
        public static Step Of(string name)
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
            using var reader = new StreamReader(stream);
            return new Step(
                int.Parse(name[..3], System.Globalization.CultureInfo.InvariantCulture), name, reader.ReadToEnd());
        }
    }
}
