namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// Credentials from before profiles: an agent's <c>auth.json</c> and the folder's <c>oauth.json</c>, each from
/// provider to credential (openclaw-spec.md, section 1.3, "Precedence on load").
/// </summary>
internal static class LegacyProfiles
{
    private static readonly string[] Common = ["type", "provider"];

    private static readonly Dictionary<string, string[]> Fields = new()
    {
        ["api_key"] = ["key", "keyRef", "email"],
        ["token"] = ["token", "tokenRef", "expires", "email"],
        ["oauth"] = ["access", "refresh", "expires", "enterpriseUrl", "projectId", "accountId", "email"],
    };

    /// <summary>The import of both files into a new store.</summary>
    /// <param name="authJson">
    /// The text of <c>auth.json</c>; null if there is none. A file with profiles is not a legacy file.
    /// </param>
    /// <param name="oauthJson">The text of <c>oauth.json</c>; null if there is none.</param>
    /// <returns>Null if there is nothing to import.</returns>
    public static ImportProfiles? Read(string? authJson, string? oauthJson)
    {
        var profiles = ObjectIn(oauthJson).Members.Aggregate(FromAuth(ObjectIn(authJson)), WithLogin);
        return profiles.IsEmpty ? null : new ImportProfiles(profiles);
    }

    private static JsonObject FromAuth(JsonObject auth) => auth["profiles"] is not null
        ? JsonObject.Empty
        : auth.Members.Aggregate(
        JsonObject.Empty, (all, member) => all.With(IdOf(member.Key), EntryOf(member.Key, member.Value)));

    private static JsonObject? EntryOf(string provider, JsonTree value)
    {
        if (value is not JsonObject entry || entry.TextOf("type") is not { } type || !Fields.TryGetValue(type, out var own))
            return null;
        var named = entry.TextOf("provider") is { Length: > 0 } ? entry : entry.With("provider", JsonTree.Of(provider));
        return Common.Concat(own).Where(name => name != "expires" || named[name] is JsonNumber)
            .Aggregate(JsonObject.Empty, (all, name) => all.With(name, named[name]));
    }

    private static JsonObject WithLogin(JsonObject profiles, KeyValuePair<string, JsonTree> login)
    {
        if (profiles[IdOf(login.Key)] is not null || login.Value is not JsonObject { IsEmpty: false } entry)
            return profiles;
        var typed = JsonObject.Empty.With("type", JsonTree.Of("oauth")).With("provider", JsonTree.Of(login.Key));
        return profiles.With(
            IdOf(login.Key), entry.Members.Aggregate(typed, (all, member) => all.With(member.Key, member.Value)));
    }

    private static string IdOf(string provider) => $"{provider}:default";

    private static JsonObject ObjectIn(string? text) =>
        text is null ? JsonObject.Empty : JsonTreeParser.Parse(text, out _) as JsonObject ?? JsonObject.Empty;
}
