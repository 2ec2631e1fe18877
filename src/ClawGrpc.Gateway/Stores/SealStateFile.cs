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

/// <summary>
/// <c>clawgrpc-seal.json</c> in the state folder: which key is active. It holds no secret, and a sealed secret opens without it.
/// </summary>
internal sealed class SealStateFile(string path)
{
    /// <summary>Its name.</summary>
    public const string Name = "clawgrpc-seal.json";

    public string Path { get; } = path;

    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    public SealState Read()
    {
        if (WholeFile.Read(Path) is not { } bytes)
            return SealState.None;
        if (JsonTreeParser.Parse(Encoding.UTF8.GetString(bytes), out var error) is not JsonObject root)
            throw new StateUnreadableException(Path, error ?? new StoreSyntaxError(1, 1, "expected an object"));
        var earlier = root["earlier"] is JsonArray { Items: var items } ? items.OfType<JsonString>().Select(id => id.Value) : [];
        return new SealState(root.TextOf("active"), [.. earlier]);
    }

    /// <exception cref="StateNotWrittenException">It cannot be written; nothing was changed.</exception>
    public void Write(SealState state)
    {
        var root = JsonObject.Empty.With("version", JsonTree.Of(1)).With("active", JsonTree.Of(state.Active!))
            .With("earlier", new JsonArray(0, [.. state.Earlier.Select(JsonTree.Of)]));
        try
        {
            using var file = AtomicFile.Prepare(Path, Encoding.UTF8.GetBytes($"{JsonTreeText.Of(root)}\n"));
            file.Commit();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateNotWrittenException.Because(Path, exception);
        }
    }
}
