using System.Collections.Immutable;
using System.Text;
using ClawGrpc.Core.StateFiles;

namespace ClawGrpc.Gateway.Stores;

/// <summary>
/// Which origin each profile of an agent belongs to: a file of ClawGrpc's own beside the profiles, which no other program knows.
/// </summary>
internal sealed class OriginsFile(string path) : IDisposable
{
    /// <summary>Its name.</summary>
    public const string Name = "clawgrpc-origins.json";

    private const string Version = "version";
    private const string Profiles = "profiles";
    private const string TokenEndpoints = "tokenEndpoints";
    private const int MaxRepeats = 5;

    private readonly SemaphoreSlim _oneWriter = new(1);

    public string Path { get; } = path;

    /// <summary>The key of the origin of a login's token endpoint.</summary>
    public static string TokenEndpointOf(string profileId) => $"{TokenEndpoints}\n{profileId}";

    /// <summary>From profile id, or <see cref="TokenEndpointOf"/> it, to origin; null if there is no file.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed.</exception>
    public ImmutableDictionary<string, string>? Read() =>
        WholeFile.Read(Path) is { } bytes ? Parse(Encoding.UTF8.GetString(bytes), Path) : null;

    /// <summary>What the text of such a file says.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">Where it comes from.</param>
    /// <exception cref="StateUnreadableException">It says nothing.</exception>
    public static ImmutableDictionary<string, string> Parse(string text, string path)
    {
        if (JsonTreeParser.Parse(text, out var error) is not { } tree)
            throw new StateUnreadableException(path, error ?? new StoreSyntaxError(1, 1, "it is empty"));
        if (tree is not JsonObject root || (root[Profiles] is not null and not JsonObject))
            throw new StateUnreadableException(path, new StoreSyntaxError(1, 1, "expected an object with \"profiles\""));
        var endpoints = root.ObjectOf(TokenEndpoints).Members
            .Select(member => KeyValuePair.Create(TokenEndpointOf(member.Key), member.Value));
        return root.ObjectOf(Profiles).Members.Concat(endpoints).Where(member => member.Value is JsonString)
            .ToImmutableDictionary(member => member.Key, member => ((JsonString)member.Value).Value, StringComparer.Ordinal);
    }

    /// <summary>Changes it, and returns once that is on the disk. Nothing is written if nothing changes.</summary>
    /// <exception cref="StateUnreadableException">It cannot be read or parsed, and is left as it is.</exception>
    /// <exception cref="StateNotWrittenException">It cannot be written.</exception>
    public async Task<ImmutableDictionary<string, string>> UpdateAsync(
        Func<ImmutableDictionary<string, string>, ImmutableDictionary<string, string>> decide, CancellationToken cancellation)
    {
        await _oneWriter.WaitAsync(cancellation);
        try
        {
            for (var repeat = 0; repeat < MaxRepeats; repeat++)
            {
                var identity = FileIdentity.Of(Path);
                var before = Read();
                var after = decide(before ?? ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));
                if (before is null ? after.IsEmpty : after.Count == before.Count && after.All(before.Contains))
                    return after;
                if (await Task.Run(() => TryReplace(identity, after), CancellationToken.None))
                    return after;
            }

            throw StateNotWrittenException.KeepsChanging(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StateNotWrittenException.Because(Path, exception);
        }
        finally
        {
            _oneWriter.Release();
        }
    }

    public void Dispose() => _oneWriter.Dispose();

    /// <summary>The text of such a file.</summary>
    public static string TextOf(ImmutableDictionary<string, string> origins)
    {
        var prefix = TokenEndpointOf("");
        var (profiles, endpoints) = (JsonObject.Empty, JsonObject.Empty);
        foreach (var (key, origin) in origins.OrderBy(origin => origin.Key, StringComparer.Ordinal))
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
                endpoints = endpoints.With(key[prefix.Length..], JsonTree.Of(origin));
            else
                profiles = profiles.With(key, JsonTree.Of(origin));
        }

        var root = JsonObject.Empty.With(Version, JsonTree.Of(1)).With(Profiles, profiles)
            .WithUnlessEmpty(TokenEndpoints, endpoints);
        return $"{JsonTreeText.Of(root)}\n";
    }

    private bool TryReplace(FileIdentity? before, ImmutableDictionary<string, string> origins)
    {
        StateFolder.MakeDirectory(System.IO.Path.GetDirectoryName(Path)!);
        using var replacement = AtomicFile.Prepare(Path, Encoding.UTF8.GetBytes(TextOf(origins)));
        if (FileIdentity.Of(Path) != before)
            return false;
        replacement.Commit();
        return true;
    }
}
