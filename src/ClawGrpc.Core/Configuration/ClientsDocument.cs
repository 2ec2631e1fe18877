using System.Globalization;
using ClawGrpc.Core.Access;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>The text of the file of clients.</summary>
internal static class ClientsDocument
{
    private const int Version = 1;

    /// <summary>Reads the text.</summary>
    /// <returns>The clients, or what is wrong with the text, without a word of it.</returns>
    public static (StoredClients? Clients, ConfigurationError? Error) Read(string text, string path)
    {
        var reading = new Reading(static _ => null, static _ => null);
        var stored = StoredClients.None;
        try
        {
            if (Fields.Of(reading, Json5Document.Parse(text, path).Root, KeyPath.Root) is { } root)
                stored = Read(root);
        }
        catch (Json5Exception syntax)
        {
            reading.Refuse(syntax);
        }

        return reading.Errors is [var error, ..] ? (null, error) : (stored, null);
    }

    /// <summary>The text of the clients.</summary>
    public static string Write(StoredClients stored)
    {
        var (clients, tokens) = (JsonObject.Empty, JsonObject.Empty);
        foreach (var client in stored.Clients.OrderBy(client => client.Name, StringComparer.Ordinal))
            clients = clients.With(client.Name, Of(client));
        foreach (var (name, token) in stored.Tokens.OrderBy(each => each.Token.Id, StringComparer.Ordinal))
            tokens = tokens.With(token.Id, Of(name, token));
        return $"{JsonTreeText.Of(JsonObject.Empty.With("version", JsonTree.Of(Version)).With("clients", clients)
            .With("tokens", tokens))}\n";
    }

    private static StoredClients Read(Fields root)
    {
        if (root.Find("version") is { } version && version.PositiveNumber() is { } number and not Version)
            version.Refuse($"Invalid input: expected {Version}, which this version of ClawGrpc writes, received {number}");
        var clients = root.Sections("clients", (name, section) =>
        {
            var created = TimeOf(section, "created");
            var read = ClientSection.Read(name, section);
            section.RefuseOthers();
            return read is null ? null : read with { Created = created };
        });
        var tokens = root.Sections("tokens", (id, section) =>
        {
            var client = section.RequiredName("client") ?? "";
            var token = new ClientToken
            {
                Id = id,
                Label = section.Text("label") ?? "",
                Agent = section.Text("agent") ?? "",
                Session = section.Text("session") ?? "",
                LastUsed = TimeOf(section, "lastUsed"),
                Generations = [.. section.RequiredItems("generations").Select(GenerationOf).OfType<TokenGeneration>()],
            };
            section.RefuseOthers();
            return token.Generations.IsEmpty ? null : Tuple.Create(client, token);
        });
        root.RefuseOthers();
        return new StoredClients(clients, [.. tokens.Select(each => (each.Item1, each.Item2))]);
    }

    private static TokenGeneration? GenerationOf(Field item)
    {
        if (item.Section() is not { } section)
            return null;
        var (hash, created, expires) = (section.RequiredName("hash"), TimeOf(section, "created"), TimeOf(section, "expires"));
        section.RefuseOthers();
        var bytes = new byte[32];
        if (hash is not null && Convert.TryFromBase64String(hash, bytes, out var length) && length == bytes.Length)
            return new TokenGeneration([.. bytes], created ?? DateTimeOffset.UnixEpoch, expires);
        item.Refuse("Invalid input: expected 32 bytes in base64 as hash");
        return null;
    }

    // One that is no time is refused: without an end, a token would be valid for ever.
    private static DateTimeOffset? TimeOf(Fields section, string key) =>
        section.Find(key)?.NumberUpTo(253_402_300_799_999) is { } milliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds)
            : null;

    private static JsonObject Of(Client client)
    {
        var subjects = client.Bindings.OfType<Binding.JwtSubject>().Select(subject => JsonObject.Empty
            .With("issuer", Text(subject.Issuer)).With("subject", Text(subject.Subject))
            .WithUnlessEmpty("claims", subject.Claims.OrderBy(claim => claim.Key, StringComparer.Ordinal)
                .Aggregate(JsonObject.Empty, (claims, claim) => claims.With(claim.Key, Text(claim.Value)))));
        return JsonObject.Empty
            .With("scopes", Texts(ScopeNames.Of(client.Scopes)))
            .With("agents", Texts(client.Agents))
            .With("models", Unless(client.Models.IsEmpty, Texts(client.Models)))
            .With("unixUsers", List(client.Bindings.OfType<Binding.UnixUser>().Select(user => JsonTree.Of(user.Uid))))
            .With("unixGroups", List(client.Bindings.OfType<Binding.UnixGroup>().Select(group => JsonTree.Of(group.Gid))))
            .With("certificates", List(client.Bindings.OfType<Binding.CertificateName>().Select(name => Text(name.Name))))
            .With("subjects", List(subjects))
            .WithUnlessEmpty("limits", Of(client.Limits))
            .With("budget", client.Budget is { } budget ? Of(budget) : null)
            .With("created", Time(client.Created));
    }

    private static JsonObject Of(ClientLimits limits) => JsonObject.Empty
        .With("requestsPerMinute", Number(limits.RequestsPerMinute)).With("completions", Number(limits.Completions))
        .With("watchers", Number(limits.Watchers)).With("megabytes", Number(limits.Megabytes));

    private static JsonObject Of(ClientBudget budget) => JsonObject.Empty
        .With("usd", budget.Usd is { } usd
            ? new JsonNumber(0, usd.ToString(CultureInfo.InvariantCulture), (double)usd)
            : null)
        .With("tokens", Number(budget.Tokens))
        .With("period", Text(budget.Period == BudgetPeriod.Month ? "month" : "day"));

    private static JsonObject Of(string client, ClientToken token) => JsonObject.Empty
        .With("client", Text(client))
        .With("label", Unless(token.Label.Length == 0, Text(token.Label)))
        .With("agent", Unless(token.Agent.Length == 0, Text(token.Agent)))
        .With("session", Unless(token.Session.Length == 0, Text(token.Session)))
        .With("lastUsed", Time(token.LastUsed))
        .With("generations", new JsonArray(0, [.. token.Generations.Select(generation => (JsonTree)JsonObject.Empty
            .With("hash", Text(Convert.ToBase64String(generation.Hash.AsSpan())))
            .With("created", Time(generation.Created))
            .With("expires", Time(generation.Expires)))]));

    // The reader replaces variables, and an escaped one by itself.
    private static JsonTree Text(string text) => JsonTree.Of(text.Replace("${", "$${", StringComparison.Ordinal));

    private static JsonArray Texts(IEnumerable<string> texts) => new(0, [.. texts.Select(Text)]);

    private static JsonArray? List(IEnumerable<JsonTree> items) => items.Any() ? new JsonArray(0, [.. items]) : null;

    private static JsonTree? Number(long? number) => number is { } value ? JsonTree.Of(value) : null;

    private static JsonTree? Time(DateTimeOffset? time) => time is { } value ? JsonTree.Of(value.ToUnixTimeMilliseconds()) : null;

    private static JsonTree? Unless(bool isLeftOut, JsonTree value) => isLeftOut ? null : value;
}
