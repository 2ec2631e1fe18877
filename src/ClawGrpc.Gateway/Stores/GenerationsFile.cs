using System.Collections.Immutable;
using System.Text;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// The newest version of each sealed secret of an agent that was ever seen: a file of ClawGrpc's own beside the profiles. Only
/// the profiles' one writer writes it.
/// </summary>
internal sealed class GenerationsFile(string path)
{
    /// <summary>Its name.</summary>
    public const string Name = "clawgrpc-generations.json";

    private const string Profiles = "profiles";

    public string Path { get; } = path;

    /// <summary>What tells one content from another; null if there is no file.</summary>
    /// <exception cref="StateUnreadableException">The system does not tell.</exception>
    public FileIdentity? IdentityNow()
    {
        try
        {
            return FileIdentity.Of(Path);
        }
        catch (IOException exception)
        {
            throw new StateUnreadableException(Path, exception.Message.TrimEnd('.'), exception);
        }
    }

    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    public ImmutableDictionary<SecretPlace, long> Read()
    {
        if (WholeFile.Read(Path) is not { } bytes)
            return ImmutableDictionary<SecretPlace, long>.Empty;
        if (JsonTreeParser.Parse(Encoding.UTF8.GetString(bytes), out var error) is not JsonObject root)
            throw new StateUnreadableException(Path, error ?? new StoreSyntaxError(1, 1, "expected an object"));
        return root.ObjectOf(Profiles).Members
            .SelectMany(profile => profile.Value is JsonObject { Members: var kinds }
                ? kinds.Select(kind => (Place: new SecretPlace(profile.Key, kind.Key), Number: kind.Value as JsonNumber))
                : [])
            .Where(each => each.Number is { Value: >= 1 and <= 1L << 53 })
            .ToImmutableDictionary(each => each.Place, each => (long)each.Number!.Value);
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public void Write(ImmutableDictionary<SecretPlace, long> newest)
    {
        var profiles = JsonObject.Empty;
        foreach (var profile in newest.GroupBy(each => each.Key.ProfileId).OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            profiles = profiles.With(profile.Key, profile.OrderBy(each => each.Key.Kind, StringComparer.Ordinal)
                .Aggregate(JsonObject.Empty, (kinds, each) => kinds.With(each.Key.Kind, JsonTree.Of(each.Value))));
        }

        var root = JsonObject.Empty.With("version", JsonTree.Of(1)).With(Profiles, profiles);
        using var file = AtomicFile.Prepare(Path, Encoding.UTF8.GetBytes($"{JsonTreeText.Of(root)}\n"));
        file.Commit();
    }
}
