using System.Collections.Immutable;
using System.Text;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>Which key is active, and which were.</summary>
/// <param name="Active">The id of the key for new secrets; null if none was chosen yet.</param>
/// <param name="Earlier">The ids of those before it, last one first; not all of them.</param>
internal sealed record SealState(string? Active, ImmutableArray<string> Earlier)
{
    public static readonly SealState None = new(null, []);

    private const int MostEarlier = 3;

    /// <summary>After another key was made active.</summary>
    public SealState With(string keyId) => new(
        keyId, Active is null ? Earlier : [.. Earlier.Prepend(Active).Where(id => id != keyId).Distinct().Take(MostEarlier)]);
}

/// <summary>Where it is kept which key is active.</summary>
/// <param name="Read">Throws <see cref="StateUnreadableException"/> if that cannot be read.</param>
/// <param name="Write">Stored when it returns; throws <see cref="StateNotWrittenException"/> if it cannot be.</param>
internal sealed record SealStateAccess(Func<SealState> Read, Action<SealState> Write)
{
    /// <summary>
    /// Waits a while until all who read the secrets have a key. <see cref="Write"/> refuses if some go on lacking it.
    /// </summary>
    public Func<string, CancellationToken, Task> WaitForKeyAsync { get; init; } = static (_, _) => Task.CompletedTask;
}

/// <summary>
/// <c>clawgrpc-seal.json</c> in the state folder: which key is active. It holds no secret, and a sealed secret opens without it.
/// </summary>
internal sealed class SealStateFile(string path)
{
    /// <summary>Its name.</summary>
    public const string Name = "clawgrpc-seal.json";

    public string Path { get; } = path;

    /// <summary>The file of a state folder.</summary>
    public static SealStateAccess In(string folder)
    {
        var file = new SealStateFile(System.IO.Path.Join(folder, Name));
        return new SealStateAccess(file.Read, file.Write);
    }

    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    public SealState Read() =>
        WholeFile.Read(Path) is { } bytes ? Parse(Encoding.UTF8.GetString(bytes), Path) : SealState.None;

    /// <summary>What the text of such a file says; an empty one: nothing.</summary>
    /// <exception cref="StateUnreadableException">It says something else.</exception>
    public static SealState Parse(string text, string path)
    {
        if (text.Length == 0)
            return SealState.None;
        if (JsonTreeParser.Parse(text, out var error) is not JsonObject root)
            throw new StateUnreadableException(path, error ?? new StoreSyntaxError(1, 1, "expected an object"));
        var earlier = root["earlier"] is JsonArray { Items: var items } ? items.OfType<JsonString>().Select(id => id.Value) : [];
        return new SealState(root.TextOf("active"), [.. earlier]);
    }

    /// <summary>The text of such a file.</summary>
    public static string TextOf(SealState state)
    {
        var root = JsonObject.Empty.With("version", JsonTree.Of(1)).With("active", JsonTree.Of(state.Active!))
            .With("earlier", new JsonArray(0, [.. state.Earlier.Select(JsonTree.Of)]));
        return $"{JsonTreeText.Of(root)}\n";
    }

    /// <exception cref="StateNotWrittenException">It cannot be written; nothing was changed.</exception>
    public void Write(SealState state)
    {
        try
        {
            using var file = AtomicFile.Prepare(Path, Encoding.UTF8.GetBytes(TextOf(state)));
            file.Commit();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateNotWrittenException.Because(Path, exception);
        }
    }
}
