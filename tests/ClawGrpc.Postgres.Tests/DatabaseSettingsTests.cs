using Npgsql;

namespace ClawGrpc.Postgres.Tests;

/// <summary>How the database of a name is talked to.</summary>
public class DatabaseSettingsTests
{
    [Theory]
    [InlineData("postgresql://app@db.example/clawgrpc", SslMode.VerifyFull, 3)]
    [InlineData("Host=db.example;Username=app;Database=clawgrpc", SslMode.VerifyFull, 3)]
    [InlineData("postgresql://app@db.example/clawgrpc?sslmode=require&connect_timeout=9", SslMode.Require, 9)]
    [InlineData("postgresql://app@127.0.0.1/clawgrpc", SslMode.Prefer, 3)]
    public void Beyond_this_machine_the_certificate_is_checked_unless_told_otherwise(string dsn, SslMode mode, int seconds)
    {
        foreach (var of in new[] { DatabaseSettings.Of(dsn).Pool, DatabaseSettings.Of(dsn).Listen! })
        {
            var settings = new NpgsqlConnectionStringBuilder(of);
            Assert.Equal((mode, seconds), (settings.SslMode, settings.Timeout));
        }
    }
}
