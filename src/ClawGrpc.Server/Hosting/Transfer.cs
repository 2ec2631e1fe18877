using System.CommandLine;
using System.Globalization;
using System.Text;
using ClawGrpc.Core.Configuration;
using ClawGrpc.Gateway.Configuration;
using ClawGrpc.Gateway.Stores;
using ClawGrpc.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClawGrpc.Server.Hosting;

/// <summary>
/// <c>clawgrpc import DIR</c> and <c>clawgrpc export DIR</c>: the state of a folder into the database of <c>CLAWGRPC_DSN</c>, and
/// back. The server does it and not <c>claw</c>, which has neither the database nor the keys.
/// </summary>
internal static class Transfer
{
    private static readonly Argument<string> FolderArgument = new("DIR") { HelpName = "DIR" };

    /// <summary>Both.</summary>
    public static IEnumerable<Command> Commands(Option<string?> sealKey) =>
    [
        Of("import", "Bring the state of a folder, of ClawGrpc or of OpenClaw and its earlier names, into the database of "
            + "CLAWGRPC_DSN, every secret sealed: all of it or nothing. The folder is left as it is.", ImportAsync, sealKey),
        Of("export", "Write the state of the database of CLAWGRPC_DSN into a new folder, for a server with files. Secrets stay "
            + "sealed with the same key.", ExportAsync, sealKey),
    ];

    private static Command Of(
        string name, string description, Func<Opened, string, CancellationToken, Task<string>> work, Option<string?> sealKey)
    {
        var command = new Command(name, description) { FolderArgument, sealKey };
        command.SetAction((result, cancellation) => RunAsync(
            result.GetValue(sealKey), opened => work(opened, Path.GetFullPath(result.GetValue(FolderArgument)!), cancellation),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string? sealKey, Func<Opened, Task<string>> work, CancellationToken cancellation)
    {
        var scratch = Directory.CreateTempSubdirectory("clawgrpc-");
        try
        {
            var folder = StateFolder.Resolve(scratch.FullName, static _ => null, scratch.FullName);
            var key = sealKey is null ? null : Path.GetFullPath(sealKey);
            await using var store = new PostgresStore(
                StateSource.DatabaseOf(Environment.GetEnvironmentVariable), new DatabaseClock(TimeProvider.System), folder,
                opened => new SealingKeys(
                    folder, Environment.GetEnvironmentVariable, NullLogger<SealingKeys>.Instance, opened.SealState, key),
                Environment.MachineName, Gateway.Upstream.ProductVersion.Text, NullLogger.Instance);
            await store.StartAsync(cancellation);
            var reading = ConfigurationReading.Of(folder.ConfigPath, store.ReadConfiguration);
            store.Keys.Use(SealOf(reading), "");
            await Console.Out.WriteLineAsync(await work(new Opened(store, scratch.FullName, key)));
            return 0;
        }
        catch (Exception exception) when (exception is StartException or UnusableDatabaseException or DatabaseException
            or StateUnreadableException or StateNotWrittenException or IOException or UnauthorizedAccessException
            or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"Error: {exception.Message}");
            return 1;
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static async Task<string> ImportAsync(Opened target, string given, CancellationToken cancellation)
    {
        if (!Directory.Exists(given))
            throw new StartException($"{given} is no folder.");
        try
        {
            var source = StateFolder.Resolve(
                given, static _ => null, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
            var configuration = ConfigurationReading.Of(
                source.ConfigPath, static path => WholeFile.Read(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null);
            if (configuration.Outcome is ConfigurationOutcome.Rejected { Errors: [var error, ..] })
                throw new StartException($"{error.Place}: {error.Problem}. Mend the configuration first.");
            using var files = new ImportedFolder(source, configuration, target.SealKey, Path.Join(target.Scratch, "agents"));
            var agents = await files.ReadAsync(target.Store, cancellation);
            await target.Store.ImportAsync(files.Documents, await files.UsageAsync(cancellation), cancellation);
            return $"Imported {agents} agents of {given}.";
        }
        catch (Exception exception) when (exception is StartException or UnusableDatabaseException
            or StateUnreadableException or StateNotWrittenException or IOException or UnauthorizedAccessException)
        {
            throw new StartException($"Nothing of {given} was imported. {exception.Message}");
        }
    }

    private static async Task<string> ExportAsync(Opened source, string given, CancellationToken cancellation)
    {
        if (Directory.Exists(given) && Directory.EnumerateFileSystemEntries(given).Any())
            throw new StartException($"{given} is not empty. Name a new folder.");
        StateFolder.MakeUsable(given, "The folder");
        var documents = await source.Store.ExportAsync(cancellation);
        foreach (var (name, body) in documents.Where(document => document.Body.Length > 0))
        {
            var path = Path.Join(given, name);
            StateFolder.MakeDirectory(Path.GetDirectoryName(path)!);
            Write(path, body);
        }

        var folder = StateFolder.Resolve(given, static _ => null, given);
        var key = Convert.ToBase64String((await source.Store.OpenServerKeyAsync(cancellation)).ToBytes());
        Write(folder.ServerKeyPath, Encoding.ASCII.GetBytes($"{key}\n"));
        using var files = new FileStore(folder, static _ => null, TimeProvider.System);
        foreach (var day in (await source.Store.ReadUsageAsync(cancellation)).GroupBy(row => row.Key.Day))
            await files.AddUsageAsync(day.Key, [.. day], DateOnly.MinValue, cancellation);
        return string.Create(CultureInfo.InvariantCulture, $"Exported {documents.Count} documents into {given}.");
    }

    private static void Write(string path, byte[] body)
    {
        using var file = AtomicFile.Prepare(path, body, AtomicFile.OwnerOnly);
        file.Commit();
    }

    /// <summary>The section of the keys; null if there is none.</summary>
    public static SealConfiguration? SealOf(ConfigurationReading reading) =>
        reading.Outcome is ConfigurationOutcome.Accepted { Configuration.Service.Seal: { } seal } ? seal : null;

    /// <param name="Store">Started, with its keys.</param>
    /// <param name="Scratch">A folder that goes with the command.</param>
    /// <param name="SealKey">The file of the key; null if the configuration names it.</param>
    private sealed record Opened(PostgresStore Store, string Scratch, string? SealKey);
}
