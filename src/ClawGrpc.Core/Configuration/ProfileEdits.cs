using System.Text.Json.Nodes;
using ClawGrpc.Core.Routing;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// What adding and removing a profile does to the configuration file (openclaw-spec.md, sections 7.1 and 7.2). Text in, text
/// out: comments and layout stay.
/// </summary>
internal static class ProfileEdits
{
    /// <summary>
    /// Declares a profile, as every command that adds a credential does. Where the file orders the provider's profiles, it goes
    /// first; an order is never begun.
    /// </summary>
    /// <param name="profile">The profile. An e-mail that the file has and the profile has not is removed.</param>
    /// <exception cref="Json5Exception">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">A section of the file is not an object.</exception>
    public static string Apply(string text, DeclaredProfile profile)
    {
        Json5Step[] path = ["auth", "profiles", profile.Id];
        var document = Json5Document.Parse(text);
        document = document.Find(path) is Json5Object
            ? document.SetValue([.. path, "provider"], profile.Provider).SetValue([.. path, "mode"], profile.Mode)
            : document.SetValue(path, new JsonObject { ["provider"] = profile.Provider, ["mode"] = profile.Mode });
        document = profile.Email is { Length: > 0 } email
            ? document.SetValue([.. path, "email"], email)
            : document.Remove([.. path, "email"]);

        foreach (var provider in Orders(document).Where(name => Provider.Normalize(name) == Provider.Normalize(profile.Provider)))
            document = First(document, provider, profile.Id);
        return document.Text;
    }

    /// <summary>
    /// Removes a profile's declaration and its places in orders. An order that has nothing else goes altogether: an empty one
    /// would mean "use no profile".
    /// </summary>
    /// <param name="profileId">The profile; nothing changes when the file does not name it.</param>
    /// <exception cref="Json5Exception">The file cannot be read.</exception>
    public static string Remove(string text, string profileId)
    {
        var document = Json5Document.Parse(text).Remove("auth", "profiles", profileId);
        foreach (var provider in Orders(document))
        {
            var shorter = Without(document, provider, profileId);
            var isEmptied = shorter != document && shorter.Find("auth", "order", provider) is Json5Array { Items.IsEmpty: true };
            document = isEmptied ? document.Remove("auth", "order", provider) : shorter;
        }

        return document.Text;
    }

    private static List<string> Orders(Json5Document document) =>
        document.Find("auth", "order") is Json5Object orders ? [.. orders.EffectiveMembers().Select(member => member.Key)] : [];

    // An order of another form is of a newer OpenClaw, and stays as it is.
    private static Json5Document First(Json5Document document, string provider, string profileId) =>
        document.Find("auth", "order", provider) is not Json5Array
        || (document.Find("auth", "order", provider, 0) is Json5String { Value: var first } && first == profileId)
            ? document
            : Without(document, provider, profileId).Insert(["auth", "order", provider], 0, profileId);

    private static Json5Document Without(Json5Document document, string provider, string profileId)
    {
        if (document.Find("auth", "order", provider) is not Json5Array { Items: var ids })
            return document;
        for (var index = ids.Length - 1; index >= 0; index--)
        {
            if (ids[index] is Json5String { Value: var id } && id == profileId)
                document = document.Remove("auth", "order", provider, index);
        }

        return document;
    }
}
