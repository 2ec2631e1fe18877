using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using ClawGrpc.Core.Accounting;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>What a replica had counted and not stored when it stopped.</summary>
/// <param name="Number">The number of its last batch.</param>
/// <param name="Rows">The usage.</param>
/// <param name="Unsure">The part of it that the last batch has stored, if the database has that batch.</param>
internal sealed record UnsentUsage(
    long Number, ImmutableDictionary<UsageKey, UsageCounters> Rows, ImmutableDictionary<UsageKey, UsageCounters> Unsure)
{
    public string Text => JsonTreeText.Of(JsonObject.Empty
        .With("number", JsonTree.Of(Number))
        .With("rows", JsonTreeParser.Parse(UsageDocument.Write(Rows), out _)!)
        .With("unsure", JsonTreeParser.Parse(UsageDocument.Write(Unsure), out _)!)) + "\n";

    /// <summary>Null if the text says nothing.</summary>
    public static UnsentUsage? Parse(string text) =>
        JsonTreeParser.Parse(text, out _) is JsonObject root
        && root["number"] is JsonNumber { Text: var number }
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var last)
        && RowsOf(root["rows"]) is { } rows && RowsOf(root["unsure"]) is { } unsure
            ? new UnsentUsage(last, rows, unsure)
            : null;

    private static ImmutableDictionary<UsageKey, UsageCounters>? RowsOf(JsonTree? value) =>
        value is null ? null : UsageDocument.Read(JsonTreeText.Of(value)).Rows;
}

/// <summary>
/// Usage that could not be stored at a stop, in files of the replica's own folder, each with the id of the process that counted
/// it. The next process adds it, once: the database notes the id with the rows.
/// </summary>
internal sealed partial class UnsentFiles(string folder, Guid replica, UsageTable usage, TimeProvider time, ILogger log)
{
    /// <summary>The folder's name.</summary>
    public const string Name = "clawgrpc-unsent";

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    /// <summary>Keeps usage. On disk when it returns.</summary>
    /// <returns>The file.</returns>
    public string Keep(UnsentUsage unsent)
    {
        var path = PathOf(replica);
        StateFolder.MakeDirectory(folder);
        using var file = AtomicFile.Prepare(path, Encoding.UTF8.GetBytes(unsent.Text), AtomicFile.OwnerOnly);
        file.Commit();
        return path;
    }

    /// <summary>The database could not be told that this replica stops. The next process tells it.</summary>
    public void KeepLeaving()
    {
        try
        {
            if (!File.Exists(PathOf(replica)))
                Keep(usage.Unsent([]));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The others find out within a minute.
        }
    }

    /// <summary>Adds what earlier processes have kept, as soon as the database is there.</summary>
    public async Task AddAsync(CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
            return;
        AtomicFile.RemoveLeftovers(folder);
        foreach (var path in Directory.GetFiles(folder, "*.json"))
        {
            if (!Guid.TryParse(Path.GetFileNameWithoutExtension(path), out var id) || id == replica)
                continue;
            try
            {
                if (UnsentUsage.Parse(await File.ReadAllTextAsync(path, cancellation)) is not { } unsent)
                    LogNotAdded(path, "it is damaged");
                else
                    await AddAsync(path, id, unsent, cancellation);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogNotAdded(path, exception.Message.TrimEnd('.'));
            }
        }
    }

    private async Task AddAsync(string path, Guid id, UnsentUsage unsent, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(BetweenTries, time);
        do
        {
            try
            {
                await usage.AddUnsentAsync(id, unsent, cancellation);
                File.Delete(path);
                LogAdded(unsent.Rows.Values.Sum(counters => counters.Completions), path);
                return;
            }
            catch (DatabaseException)
            {
                // It says so itself, and the file stays.
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private string PathOf(Guid id) => Path.Join(folder, $"{id}.json");

    [LoggerMessage(
        95, LogLevel.Information, "Usage of {Completions} completions that could not be stored at a stop is stored now: {Path}")]
    private partial void LogAdded(long completions, string path);

    [LoggerMessage(96, LogLevel.Warning, "The usage in {Path} is not stored: {Why}")]
    private partial void LogNotAdded(string path, string why);
}
