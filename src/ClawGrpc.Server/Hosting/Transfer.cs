using System.CommandLine;
using System.Globalization;
using System.Text;
using ClawGrpc.Core.Accounting;
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

            // Which key is active is stored with all the rest, or not at all.
            SealState? chosen = null;
            await using var store = new PostgresStore(
                StateSource.DatabaseOf(Environment.GetEnvironmentVariable), new DatabaseClock(TimeProvider.System), folder,
                opened => new SealingKeys(
                    folder, Environment.GetEnvironmentVariable, NullLogger<SealingKeys>.Instance,
                    opened.SealState with { Write = state => chosen = state }, key),
                Environment.MachineName, Gateway.Upstream.ProductVersion.Text, NullLogger.Instance);
            await store.StartAsync(cancellation);
            var reading = ConfigurationReading.Of(folder.ConfigPath, store.ReadConfiguration);
            var seal = SealOf(reading);
            store.Keys.Use(seal, "");
            await Console.Out.WriteLineAsync(await work(new Opened(store, seal, scratch.FullName, key, chosen)));
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
            target.Store.Keys.Use(target.Seal, files.Origin);
            var agents = await files.ReadAsync(target.Store, target.Chosen, cancellation);
            await target.Store.ImportAsync(files.Documents, await files.UsageAsync(cancellation), cancellation);
            return agents == 1 ? $"Imported 1 agent of {given}." : $"Imported {agents} agents of {given}.";
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
        var documents = await source.Store.ExportAsync(cancellation);
        var key = Convert.ToBase64String((await source.Store.OpenServerKeyAsync(cancellation)).ToBytes());
        var usage = await source.Store.ReadUsageAsync(cancellation);

        // It has its name once it is whole.
        var unfinished = $"{given}.{Path.GetRandomFileName()}";
        StateFolder.MakeUsable(unfinished, "The folder");
        try
        {
            await WriteAsync(StateFolder.Resolve(unfinished, static _ => null, unfinished), documents, key, usage, cancellation);
            if (Directory.Exists(given))
                Directory.Delete(given);
            Directory.Move(unfinished, given);
        }
        catch
        {
            Directory.Delete(unfinished, recursive: true);
            throw;
        }

        return string.Create(CultureInfo.InvariantCulture, $"Exported {documents.Count} documents into {given}.");
    }

    private static async Task WriteAsync(
        StateFolder folder, IReadOnlyList<(string Name, byte[] Body)> documents, string key,
        IEnumerable<KeyValuePair<UsageKey, UsageCounters>> usage, CancellationToken cancellation)
    {
        foreach (var (name, body) in documents.Where(document => document.Body.Length > 0))
        {
            var path = Path.Join(folder.Path, name);
            StateFolder.MakeDirectory(Path.GetDirectoryName(path)!);
            Write(path, body);
        }

        Write(folder.ServerKeyPath, Encoding.ASCII.GetBytes($"{key}\n"));
        using var files = new FileStore(folder, static _ => null, TimeProvider.System);
        foreach (var day in usage.GroupBy(row => row.Key.Day))
            await files.AddUsageAsync(day.Key, [.. day], DateOnly.MinValue, cancellation);
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
    /// <param name="Seal">The section of its keys; null if there is none.</param>
    /// <param name="Scratch">A folder that goes with the command.</param>
    /// <param name="SealKey">The file of the key; null if the configuration names it.</param>
    /// <param name="Chosen">Which key is the active one from now on; null if the database says so already.</param>
    private sealed record Opened(
        PostgresStore Store, SealConfiguration? Seal, string Scratch, string? SealKey, SealState? Chosen);
}
