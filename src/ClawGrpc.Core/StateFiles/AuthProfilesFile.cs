using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// The text of an <c>auth-profiles.json</c> (openclaw-spec.md, section 1.3): its content, and changes of it that lose nothing.
/// Unknown members stay, in their order; entries that OpenClaw would not see are left out of <see cref="Store"/> only. Immutable.
/// </summary>
internal sealed class AuthProfilesFile
{
    private const string Version = "version";
    internal const string Profiles = "profiles";
    private const string Order = "order";
    private const string LastGood = "lastGood";
    private const string UsageStats = "usageStats";

    // OpenClaw shows the health of profiles that are gone, so a change keeps some of it.
    private const int MostGone = 100;

    // Of all profiles. With those of each at their most, a thousand profiles would make a file that cannot be read back.
    private const int MostRoutes = 10_000;

    /// <param name="root">The file's object, with the secrets that opened in the places of sealed ones.</param>
    /// <param name="seals">The sealed secrets that were read, opened or not; null if there are none.</param>
    internal AuthProfilesFile(JsonObject root, ImmutableDictionary<SecretPlace, StoredSeal>? seals = null)
    {
        Seals = seals ?? ImmutableDictionary<SecretPlace, StoredSeal>.Empty;
        Root = root.With(Version, JsonTree.Of(1)).With(Profiles, root.ObjectOf(Profiles))
            .WithFirst(Version, Profiles, Order, LastGood, UsageStats);
        Store = View();
    }

    /// <summary>A new file as OpenClaw writes it: a version and no profiles.</summary>
    public static AuthProfilesFile Empty { get; } = new(JsonObject.Empty);

    /// <summary>Its content.</summary>
    public ProfileStore Store { get; }

    internal JsonObject Root { get; }

    internal ImmutableDictionary<SecretPlace, StoredSeal> Seals { get; }

    /// <summary>Reads a file's bytes, which must be UTF-8. A byte order mark is skipped.</summary>
    /// <returns>Whether it could be read.</returns>
    public static bool TryParse(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out AuthProfilesFile? file, [NotNullWhen(false)] out StoreSyntaxError? error)
    {
        var characters = new char[utf8.Length];
        if (Utf8.ToUtf16(utf8, characters, out _, out var length, replaceInvalidSequences: false) == OperationStatus.Done)
            return TryParse(new string(characters, 0, length), out file, out error);
        file = null;
        error = StoreSyntaxError.At(characters.AsSpan(0, length), length, "a byte is not UTF-8");
        return false;
    }

    /// <summary>
    /// Reads a file's text. JSON that is malformed, or whose root or <c>profiles</c> is not an object, cannot be read.
    /// </summary>
    /// <returns>Whether it could be read.</returns>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out AuthProfilesFile? file, [NotNullWhen(false)] out StoreSyntaxError? error)
    {
        file = null;
        if (JsonTreeParser.Parse(text, out error) is not { } tree)
        {
            error ??= new StoreSyntaxError(1, 1, "it is empty");
            return false;
        }

        if (tree is not JsonObject root)
            error = StoreSyntaxError.At(text, tree.Offset, "the file must be an object");
        else if (root[Profiles] is { } profiles and not JsonObject)
            error = StoreSyntaxError.At(text, profiles.Offset, "\"profiles\" must be an object");
        else
            file = new AuthProfilesFile(root);
        return file is not null;
    }

    /// <summary>The file after these changes, one after the other.</summary>
    public AuthProfilesFile With(params IEnumerable<StoreChange> changes) => new(Bounded(changes.Aggregate(Root, Apply)), Seals);

    /// <summary>
    /// The file's text: as OpenClaw writes it, byte for byte what <c>JSON.stringify(store, null, 2)</c> gives, and a line break.
    /// The version is always 1 and the members are in OpenClaw's order, unknown ones after them.
    /// </summary>
    public string ToText() => TextOf(Root);

    /// <summary>The same in UTF-8.</summary>
    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(ToText());

    internal static string TextOf(JsonObject root) => JsonTreeText.Of(root) + "\n";

    /// <summary>The root with each profile that is an object as <paramref name="map"/> makes it from its id and itself.</summary>
    internal JsonObject MapProfiles(Func<string, JsonObject, JsonObject> map) => Root.With(Profiles, Root.ObjectOf(Profiles) with
    {
        Members = [.. Root.ObjectOf(Profiles).Members.Select(member => member.Value is JsonObject entry
            ? KeyValuePair.Create<string, JsonTree>(member.Key, map(member.Key, entry))
            : member)],
    });

    private static JsonObject Apply(JsonObject root, StoreChange change) => change switch
    {
        PutProfile put => Fresh(WithCredential(root, put.Id, put.Credential), put.Id),
        PutRefreshed put => WithRefreshed(root, put.Id, put.Credential),
        RemoveProfile remove => Remove(root, remove.Id),
        SetOrder set => WithOrder(root, set.Provider, [.. set.Ids.Select(id => id.Trim()).Where(id => id.Length > 0).Distinct()]),
        ClearOrder clear => WithOrder(root, clear.Provider, []),
        ImportProfiles import => root.With(Profiles, import.Profiles.Members.Aggregate(
            root.ObjectOf(Profiles), (all, member) => all[member.Key] is null ? all.With(member.Key, member.Value) : all)),
        SetHealth set => WithHealth(root, set.Id, set.Health),
        SealSecrets or BindSeals => root,
        SetLastGood set => root.With(LastGood, root.ObjectOf(LastGood).With(set.Provider, JsonTree.Of(set.Id))),
        _ => throw new InvalidOperationException($"Unknown change {change.GetType().Name}."),
    };

    private static JsonObject Bounded(JsonObject root) => WithoutTooManyRoutes(WithoutTooManyGone(root));

    // The first to come back are forgotten.
    private static JsonObject WithoutTooManyRoutes(JsonObject root)
    {
        var stats = root.ObjectOf(UsageStats);
        var routes = stats.Members.Where(member => member.Value is JsonObject)
            .Select(member => (Id: member.Key, Routes: ((JsonObject)member.Value).ObjectOf(HealthJson.Routes))).ToList();
        var excess = routes.Sum(each => each.Routes.Members.Length) - MostRoutes;
        if (excess <= 0)
            return root;
        var first = routes.SelectMany(each => each.Routes.Members.Select(route => (each.Id, Model: route.Key, route.Value)))
            .OrderBy(route => HealthJson.EndOf(route.Value)).Take(excess).ToLookup(route => route.Id, route => route.Model);
        return root.With(UsageStats, first.Aggregate(stats, (all, forgotten) => all.With(forgotten.Key, WithoutRoutes(
            all.ObjectOf(forgotten.Key), forgotten.ToHashSet(StringComparer.Ordinal)))));
    }

    private static JsonObject WithoutRoutes(JsonObject stats, HashSet<string> models) =>
        stats.WithUnlessEmpty(HealthJson.Routes, stats.ObjectOf(HealthJson.Routes).Without(models));

    // What changed last is kept.
    private static JsonObject WithoutTooManyGone(JsonObject root)
    {
        var (profiles, stats) = (root.ObjectOf(Profiles), root.ObjectOf(UsageStats));
        if (stats.Members.Length <= MostGone)
            return root;
        var names = profiles.Members.Select(member => member.Key).ToHashSet(StringComparer.Ordinal);
        var gone = stats.Members.Where(member => !names.Contains(member.Key))
            .OrderByDescending(member => LastChange(member.Value)).Skip(MostGone)
            .Select(member => member.Key).ToHashSet(StringComparer.Ordinal);
        return gone.Count == 0 ? root : root.With(UsageStats, stats.Without(gone));
    }

    private static DateTimeOffset? LastChange(JsonTree stats) => stats is JsonObject entry
        && HealthJson.Decode(entry) is var health ? new[] { health.LastUsed, health.LastFailureAt }.Max() : null;

    private static JsonObject WithCredential(JsonObject root, string id, Credential credential)
    {
        var profiles = root.ObjectOf(Profiles);
        return root.With(Profiles, profiles.With(id, CredentialJson.Encode(profiles.ObjectOf(id), credential)));
    }

    private static JsonObject WithRefreshed(JsonObject root, string id, OAuthCredential credential)
    {
        var profiles = root.ObjectOf(Profiles);
        return root.With(Profiles, profiles.With(id, CredentialJson.Refresh(profiles.ObjectOf(id), credential)));
    }

    private static JsonObject Fresh(JsonObject root, string id) => root.ObjectOf(UsageStats)[id] is JsonObject stats
        ? WithHealth(root, id, new ProfileHealth { LastUsed = HealthJson.Decode(stats).LastUsed })
        : root;

    private static JsonObject Remove(JsonObject root, string id)
    {
        var orders = root.ObjectOf(Order).Members.Where(order => IdsOf(order.Value).Contains(id)).Aggregate(
            root.ObjectOf(Order), (left, order) => left.With(order.Key, OrderWithout((JsonArray)order.Value, id)));
        var lastGood = root.ObjectOf(LastGood);
        lastGood = lastGood.Members.Where(member => lastGood.TextOf(member.Key) == id)
            .Aggregate(lastGood, (left, member) => left.With(member.Key, null));
        var after = root.With(Profiles, root.ObjectOf(Profiles).With(id, null));
        after = Emptied(Emptied(after, Order, orders), LastGood, lastGood);
        return Emptied(after, UsageStats, root.ObjectOf(UsageStats).With(id, null));
    }

    private static JsonArray? OrderWithout(JsonArray order, string id)
    {
        var items = order.Items.RemoveAll(item => item is JsonString { Value: var text } && text.Trim() == id);
        var rest = order with { Items = items };
        return IdsOf(rest).IsEmpty ? null : rest;
    }

    private static JsonObject WithOrder(JsonObject root, string provider, ImmutableArray<string> ids)
    {
        var orders = root.ObjectOf(Order);
        var name = Provider.Normalize(provider);
        var same = orders.Members.Select(member => member.Key).Where(key => Provider.Normalize(key) == name).ToList();
        foreach (var other in same.Skip(ids.IsEmpty ? 0 : 1))
            orders = orders.With(other, null);
        if (!ids.IsEmpty)
            orders = orders.With(same.FirstOrDefault(name), new JsonArray(0, [.. ids.Select(JsonTree.Of)]));
        return Emptied(root, Order, orders);
    }

    private static JsonObject WithHealth(JsonObject root, string id, ProfileHealth health)
    {
        var stats = root.ObjectOf(UsageStats);
        return Emptied(root, UsageStats, stats.WithUnlessEmpty(id, HealthJson.Encode(stats.ObjectOf(id), health)));
    }

    // Removes a member that the change emptied, but leaves one that was empty or not an object before.
    private static JsonObject Emptied(JsonObject root, string name, JsonObject value) =>
        ReferenceEquals(value, root.ObjectOf(name)) ? root : root.WithUnlessEmpty(name, value);

    private static ImmutableArray<string> IdsOf(JsonTree value) => value is JsonArray { Items: var items }
        ? [.. items.OfType<JsonString>().Select(item => item.Value.Trim()).Where(id => id.Length > 0)]
        : [];

    private ProfileStore View()
    {
        var profiles = Root.ObjectOf(Profiles).Members
            .Select(each => (Id: each.Key, Entry: each.Value as JsonObject, Credential: CredentialJson.Decode(each.Value)))
            .Where(each => each.Credential is not null).ToList();
        return new ProfileStore
        {
            Profiles = [.. profiles.Select(each => SealedView.Of(new Profile(each.Id, each.Credential!), each.Entry!, Seals))],
            Secrets = [.. profiles.SelectMany(each => SealedView.StatesOf(each.Id, each.Entry!, Seals))],
            Order = Root.ObjectOf(Order).Members
                .Select(member => KeyValuePair.Create(member.Key, IdsOf(member.Value)))
                .Where(order => !order.Value.IsEmpty)
                .ToImmutableDictionary(),
            LastGood = Root.ObjectOf(LastGood).Members
                .Where(member => member.Value is JsonString)
                .ToImmutableDictionary(member => member.Key, member => ((JsonString)member.Value).Value),
            Health = Root.ObjectOf(UsageStats).Members
                .Where(member => member.Value is JsonObject)
                .ToImmutableDictionary(member => member.Key, member => HealthJson.Decode((JsonObject)member.Value)),
        };
    }
}
