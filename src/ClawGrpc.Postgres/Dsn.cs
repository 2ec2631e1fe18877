using Npgsql;

namespace ClawGrpc.Postgres;

/// <summary>
/// How a database is named: a URI as of libpq (<c>postgresql://user@host:5432/name?sslmode=verify-full</c>), or Npgsql's pairs
/// (<c>Host=…;Username=…;Database=…</c>).
/// </summary>
internal static class Dsn
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = "Host",
        ["port"] = "Port",
        ["dbname"] = "Database",
        ["user"] = "Username",
        ["password"] = "Password",
        ["passfile"] = "Passfile",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["connect_timeout"] = "Timeout",
        ["target_session_attrs"] = "Target Session Attributes",
    };

    /// <summary>Reads a name.</summary>
    /// <exception cref="ArgumentException">It is none; the message never quotes it, since it may hold a password.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text, string source)
    {
        try
        {
            var isUri = text.StartsWith("postgres://", StringComparison.Ordinal)
                || text.StartsWith("postgresql://", StringComparison.Ordinal);
            var builder = isUri ? OfUri(text) : new NpgsqlConnectionStringBuilder(text);
            return string.IsNullOrWhiteSpace(builder.Host) ? throw new ArgumentException("it names no host") : builder;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException
            or KeyNotFoundException)
        {
            throw new ArgumentException(
                $"{source}: this is no database. Expected postgresql://USER@HOST:PORT/NAME, or "
                    + "Host=...;Username=...;Database=...");
        }
    }

    private static NpgsqlConnectionStringBuilder OfUri(string text)
    {
        var uri = new Uri(text);
        var builder = new NpgsqlConnectionStringBuilder();
        if (uri.Host.Length > 0)
            builder.Host = uri.Host.Trim('[', ']');
        if (uri.Port > 0)
            builder.Port = uri.Port;
        if (uri.AbsolutePath.Trim('/') is { Length: > 0 } name)
            builder.Database = Uri.UnescapeDataString(name);
        if (uri.UserInfo is { Length: > 0 } user)
        {
            var parts = user.Split(':', 2);
            builder.Username = Uri.UnescapeDataString(parts[0]);
            if (parts.Length > 1)
                builder.Password = Uri.UnescapeDataString(parts[1]);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = pair.Split('=', 2) is [var left, var right] ? (left, Uri.UnescapeDataString(right)) : (pair, "");
            builder[Names[key]] = key.Equals("sslmode", StringComparison.OrdinalIgnoreCase)
                ? value.Replace("-", "", StringComparison.Ordinal)
                : value;
        }

        return builder;
    }
}
