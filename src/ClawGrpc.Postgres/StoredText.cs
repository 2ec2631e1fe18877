using System.Text;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Postgres;

/// <summary>A document of ClawGrpc's own that is read and replaced as a whole.</summary>
/// <param name="documents">The table.</param>
/// <param name="name">Its name.</param>
/// <param name="place">The same for people.</param>
/// <param name="read">From the text to what it means; throws <see cref="StateUnreadableException"/> if it means nothing.</param>
/// <param name="write">From what it means to the text.</param>
/// <param name="none">What an absent document means.</param>
internal sealed class StoredText<T>(
    Documents documents, string name, string place, Func<string, T> read, Func<T, string> write, T none)
    where T : class
{
    private volatile Content _last = new(Document.None, none);

    /// <summary>A document whose text is what it means; none is an empty one.</summary>
    public static StoredText<string> AsItIs(Documents documents, string name) => new(
        documents, name, DocumentNames.PlaceOf(name), static text => text, static text => text, "");

    /// <summary>The revision of what was read or written last; 0 if nothing was.</summary>
    public long Revision => _last.Document.Revision;

    /// <summary>What was read or written last, without asking the database.</summary>
    public T Last => _last.Value;

    /// <summary>What is stored now; while the database is away, what was stored when it was last there.</summary>
    /// <exception cref="StateUnreadableException">It cannot be parsed, or was never read.</exception>
    public async ValueTask<T> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return Take(await documents.ReadAsync(name, _last.Document, cancellation)).Value;
        }
        catch (DatabaseException exception)
        {
            throw StateUnreadableException.Unavailable(place, exception);
        }
    }

    /// <summary>Changes it. Stored durably when it returns.</summary>
    /// <param name="decide">The same object to change nothing; as of <see cref="Documents.UpdateAsync"/>.</param>
    /// <param name="cancellation">Ends the waiting; a write that has begun is finished.</param>
    /// <exception cref="StateUnreadableException">It cannot be parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be stored.</exception>
    public async Task<T> UpdateAsync(Func<T, T> decide, CancellationToken cancellation)
    {
        try
        {
            var (before, after) = (_last, none);
            var stored = await documents.UpdateAsync(
                name,
                fresh =>
                {
                    before = ContentOf(fresh);
                    after = decide(before.Value);
                    return ReferenceEquals(before.Value, after) ? null : Encoding.UTF8.GetBytes(Readable(write(after)));
                },
                static () => true, cancellation);
            return (_last = new Content(stored, after)).Value;
        }
        catch (DatabaseException exception)
        {
            throw StateNotWrittenException.Unavailable(place, exception);
        }
    }

    // What could not be read back must not be written.
    private string Readable(string text)
    {
        _ = read(text);
        return text;
    }

    private Content Take(Document document) => _last = ContentOf(document);

    private Content ContentOf(Document document) => document.Revision == _last.Document.Revision ? _last
        : document.Body.Length == 0 ? new Content(document, none)
        : new Content(document, read(Encoding.UTF8.GetString(document.Body)));

    private sealed record Content(Document Document, T Value);
}
