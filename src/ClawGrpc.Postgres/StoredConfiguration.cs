using System.Collections.Concurrent;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>The configuration and what it includes: the texts of files that are nowhere but in the database.</summary>
/// <param name="documents">The table.</param>
/// <param name="folder">The folder that their paths lie in.</param>
internal sealed class StoredConfiguration(Documents documents, StateFolder folder)
{
    // By the document's name: the path that it was asked for by, and its text.
    private readonly ConcurrentDictionary<string, (string Path, StoredText<string> Text)> _all = new(StringComparer.Ordinal);

    /// <summary>The newest revision that was read or written; 0 if nothing was.</summary>
    public long Revision
    {
        get
        {
            var newest = 0L;
            foreach (var (_, (_, text)) in _all)
                newest = Math.Max(newest, text.Revision);
            return newest;
        }
    }

    /// <summary>The path that a document was asked for by; null if none was.</summary>
    public string? PathOf(string name) => _all.TryGetValue(name, out var known) ? known.Path : null;

    /// <inheritdoc cref="IStateStore.ReadConfiguration"/>
    public string? Read(string path)
    {
        var text = TextOf(path);

        // Rare, and never on a thread that serves calls: the configuration is read by code that cannot wait otherwise.
        return Task.Run(async () => await text.ReadAsync(CancellationToken.None)).GetAwaiter().GetResult() is { Length: > 0 } read
            ? read
            : null;
    }

    /// <inheritdoc cref="IStateStore.EditConfigurationAsync"/>
    public Task EditAsync(string path, Func<string?, string> edit, CancellationToken cancellation) => TextOf(path).UpdateAsync(
        before => edit(before.Length > 0 ? before : null) is var after && after == before ? before : after, cancellation);

    private StoredText<string> TextOf(string path) => _all.GetOrAdd(
        DocumentNames.OfFile(folder, path), name => (path, StoredText<string>.AsItIs(documents, name))).Text;
}
