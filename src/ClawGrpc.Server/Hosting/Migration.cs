using System.CommandLine;
using ClawGrpc.Postgres;
using Npgsql;

namespace ClawGrpc.Server.Hosting;

/// <summary><c>clawgrpc migrate</c>: makes the tables of the database, or brings them up to date.</summary>
internal static class Migration
{
    public static Command Command()
    {
        var command = new Command(
            "migrate", "Make the tables in the database of CLAWGRPC_DSN, or bring them up to date. Replicas of this version and "
                + "of the one before it go on working meanwhile.");
        command.SetAction((_, cancellation) => RunAsync(cancellation));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancellation)
    {
        DatabaseSettings? database = null;
        try
        {
            database = StateSource.DatabaseOf(Environment.GetEnvironmentVariable);
            var taken = await Schema.MigrateAsync(database.Pool, Schema.Steps, cancellation);
            foreach (var step in taken)
                await Console.Out.WriteLineAsync($"Took step {step}.");
            await Console.Out.WriteLineAsync(
                $"The database {database} is at step {Schema.Steps[^1].Name}{(taken.Count == 0 ? " already" : "")}.");
            return 0;
        }
        catch (Exception exception) when (exception is StartException or UnusableDatabaseException)
        {
            await Console.Error.WriteLineAsync($"Error: {exception.Message}");
            return 1;
        }
        catch (Exception exception) when (DatabaseFaults.IsOfDatabase(exception))
        {
            var why = exception is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } lacking
                ? $"{lacking.MessageText}; migrate as the role that owns it, such as clawgrpc_migrate"
                : DatabaseFaults.Explained(exception);
            await Console.Error.WriteLineAsync($"Error: The database {database} (CLAWGRPC_DSN) cannot be used: {why}.");
            return 1;
        }
    }
}
