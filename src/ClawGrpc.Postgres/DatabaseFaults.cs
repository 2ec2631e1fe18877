using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>What the exceptions of a database and of the way to it mean.</summary>
internal static class DatabaseFaults
{
    private const string NotAllowed = "42501";
    private const string ReadOnly = "25006";

    /// <summary>Whether it is one.</summary>
    public static bool IsOfDatabase(Exception exception) =>
        exception is NpgsqlException or TimeoutException or IOException or SocketException;

    /// <summary>Whether the same may succeed a moment later. What timed out does not: it has used up the patience.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        PostgresException { SqlState: var state } => state is "40001" or "40P01" or "57P01" or "57P02" or "57P03" or "53300"
            or "55P03" || state.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException npgsql => npgsql.IsTransient && !IsSilent(npgsql),
        _ => false,
    };

    /// <summary>Whether the database is away.</summary>
    public static bool IsAway(Exception exception) => exception is not PostgresException { SqlState: var state }
        || state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("08", StringComparison.Ordinal)
        || state is "53300" or "57014";

    /// <summary>Whether the database is there and does not let this role write, or nobody.</summary>
    public static bool IsRefused(Exception exception) => exception is PostgresException { SqlState: NotAllowed or ReadOnly };

    /// <summary>Whether waiting does not mend it: the name of the database, the role, its rights or TLS are wrong.</summary>
    public static bool IsLasting(Exception exception) => exception switch
    {
        PostgresException { SqlState: "28000" or "28P01" or "3D000" or NotAllowed } => true,
        PostgresException => false,
        { InnerException: AuthenticationException } => true,

        // Npgsql has no code for these.
        NpgsqlException { Message: var text } => text.StartsWith("SSL connection requested", StringComparison.Ordinal)
            || text.StartsWith("No password has been provided", StringComparison.Ordinal),
        _ => false,
    };

    /// <summary>The same for people, with the way out where there is one. Messages of the server name no values.</summary>
    public static string Explained(Exception exception) => exception switch
    {
        PostgresException { SqlState: var state, MessageText: var text } => $"{text} (SQLSTATE {state})" + state switch
        {
            NotAllowed => "; give the role its rights: clawgrpc migrate does that for clawgrpc_app",
            ReadOnly => "; it is a standby or read-only: name the primary in CLAWGRPC_DSN",
            "28000" or "28P01" => "; mend the role or the password in CLAWGRPC_DSN or .pgpass",
            "3D000" => "; mend the name in CLAWGRPC_DSN, or make the database: createdb, then clawgrpc migrate",
            _ => "",
        },
        _ when IsSilent(exception) => "the database does not answer",
        { InnerException: SocketException inner } => $"the database cannot be reached: {inner.Message.TrimEnd('.')}",
        { InnerException: AuthenticationException inner } => "TLS to the database fails: "
            + $"{(inner.InnerException ?? inner).Message.TrimEnd('.')}; mend sslmode or sslrootcert in CLAWGRPC_DSN",
        NpgsqlException { InnerException: IOException } => "the connection to the database broke",
        NpgsqlException { Message: var text } when IsLasting(exception) => $"{text.TrimEnd('.')}; mend CLAWGRPC_DSN",
        { InnerException: { } inner } => $"{exception.Message.TrimEnd('.')}: {inner.Message.TrimEnd('.')}",
        _ => exception.Message.TrimEnd('.'),
    };

    private static bool IsSilent(Exception? exception) =>
        exception is TimeoutException || (exception is not null && IsSilent(exception.InnerException));
}
