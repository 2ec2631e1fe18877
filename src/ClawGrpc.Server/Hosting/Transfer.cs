using System.CommandLine;
using System.Globalization;
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

    public static Command Import(Option<string?> sealKey)
    {
        var command = new Command(
            "import", "Bring the state of a folder, of ClawGrpc or of OpenClaw and its earlier names, into the database of "
                + "CLAWGRPC_DSN, every secret sealed. The folder is left as it is; what is there already is not replaced.")
        {
            FolderArgument,
            sealKey,
        };
        command.SetAction((result, cancellation) => RunAsync(
            result.GetValue(sealKey), store => ImportAsync(store, result.GetValue(FolderArgument)!, cancellation), cancellation));
        return command;
    }

    public static Command Export(Option<string?> sealKey)
    {
        var command = new Command(
            "export", "Write the state of the database of CLAWGRPC_DSN into a new folder, for a server with files. Secrets stay "
                + "sealed with the same key.")
        {
            FolderArgument,
            sealKey,
        };
        command.SetAction((result, cancellation) => RunAsync(
            result.GetValue(sealKey), store => ExportAsync(store, result.GetValue(FolderArgument)!, cancellation), cancellation));
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

    // From a copy: a folder of an older program is brought up to date as it is read.
    private static async Task<string> ImportAsync(Opened target, string directory, CancellationToken cancellation)
    {
        var given = Path.GetFullPath(directory);
        if (!Directory.Exists(given))
            throw new StartException($"{given} is no folder.");
        var copy = Path.Join(target.Scratch, "source");
        Copy(given, copy);
        var source = StateFolder.Resolve(copy, static _ => null, copy);
        var reading = ConfigurationReading.Of(source.ConfigPath, path => File.Exists(path) ? File.ReadAllText(path) : null);
        var agents = (reading.Outcome as ConfigurationOutcome.Accepted)?.Configuration.Agents;
        using var keys = new SealingKeys(
            source, Environment.GetEnvironmentVariable, NullLogger<SealingKeys>.Instance, keyFile: target.SealKey);
        keys.Use(SealOf(reading), "");
        using var files = new FileStore(source, id => agents?.Find(id)?.AgentDir, TimeProvider.System, keys: keys);

        var store = target.Store;

        // Tokens of clients are known by hashes with this key.
        if (File.Exists(source.ServerKeyPath))
            await store.ImportServerKeyAsync(ServerKey.Load(source, static _ => null).ToBytes(), cancellation);
        await store.OpenServerKeyAsync(cancellation);
        await ImportTextsAsync(store, source, reading, cancellation);
        var count = 0;
        foreach (var id in source.StoredAgents())
        {
            await files.OpenAsync(id);
            if (!File.Exists(files.PlaceOf(id)))
                continue;
            var origins = await files.ReadOriginsAsync(id, cancellation);
            var profiles = await File.ReadAllBytesAsync(files.PlaceOf(id), cancellation);
            await store.ImportProfilesAsync(id, profiles, origins, cancellation);
            await store.UpdateOriginsAsync(id, stored => stored.SetItems(origins), cancellation);
            count++;
        }

        foreach (var day in (await files.ReadUsageAsync(cancellation)).GroupBy(row => row.Key.Day))
            await store.AddUsageAsync(day.Key, [.. day], DateOnly.MinValue, cancellation);
        return $"Imported {count} agents of {given}.";
    }

    private static async Task ImportTextsAsync(
        PostgresStore store, StateFolder source, ConfigurationReading reading, CancellationToken cancellation)
    {
        foreach (var file in reading.Outcome.Files.Where(file => reading.TextOf(file) is not null))
        {
            var name = Path.GetRelativePath(source.Path, file);
            if (name.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(name))
            {
                throw new StartException(
                    $"The configuration includes {file}, which is outside of the folder. Move it in there first.");
            }

            await store.ImportTextAsync(name, reading.TextOf(file)!, cancellation);
        }

        // ClawGrpc's own configuration is what replicas read; that of another program is included by it.
        var own = Path.GetFileName(source.ConfigPath);
        if (own != StateFolder.OwnConfig && reading.TextOf(source.ConfigPath) is not null)
            await store.ImportTextAsync(StateFolder.OwnConfig, $"{{ $include: \"./{own}\" }}\n", cancellation);
        foreach (var path in new[] { source.ClientsPath, source.BudgetsPath }.Where(File.Exists))
        {
            await store.ImportTextAsync(
                Path.GetRelativePath(source.Path, path), await File.ReadAllTextAsync(path, cancellation), cancellation);
        }
    }

    private static async Task<string> ExportAsync(Opened source, string directory, CancellationToken cancellation)
    {
        var given = Path.GetFullPath(directory);
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
        Write(folder.ServerKeyPath, System.Text.Encoding.ASCII.GetBytes($"{key}\n"));
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

    private static void Copy(string from, string to)
    {
        StateFolder.MakeDirectory(to);
        foreach (var directory in Directory.EnumerateDirectories(from))
            Copy(directory, Path.Join(to, Path.GetFileName(directory)));
        foreach (var file in Directory.EnumerateFiles(from).Where(file => new FileInfo(file).Length <= WholeFile.MaxBytes))
            File.Copy(file, Path.Join(to, Path.GetFileName(file)));
    }

    private static SealConfiguration? SealOf(ConfigurationReading reading) =>
        reading.Outcome is ConfigurationOutcome.Accepted { Configuration.Service.Seal: { } seal } ? seal : null;

    /// <param name="Store">Started, with its keys.</param>
    /// <param name="Scratch">A folder that goes with the command.</param>
    /// <param name="SealKey">The file of the key; null if the configuration names it.</param>
    private sealed record Opened(PostgresStore Store, string Scratch, string? SealKey);
}
