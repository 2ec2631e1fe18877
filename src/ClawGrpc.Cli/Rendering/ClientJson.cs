using System.Text.Json;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Rendering;

/// <summary>Clients and tokens as JSON; what the configuration can hold has the members of the configuration.</summary>
internal static class ClientJson
{
    /// <summary>Writes a client with its tokens.</summary>
    public static void Write(Utf8JsonWriter json, V1.Client client)
    {
        json.WriteStartObject();
        json.WriteString("name", client.Name);
        WriteRights(json, client);
        WriteBindings(json, client);
        json.WriteStartArray("tokens");
        foreach (var token in client.Tokens)
        {
            json.WriteStartObject();
            WriteMembers(json, token);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("isConfigured", client.Configured);
        WriteTime(json, "createdAt", client.CreateTime);
        json.WriteEndObject();
    }

    /// <summary>Writes who a caller is.</summary>
    public static void Write(Utf8JsonWriter json, WhoAmIResponse caller)
    {
        json.WriteStartObject();
        json.WriteString("client", caller.Client?.Name ?? "");
        json.WriteString("proof", caller.Proof);
        json.WriteOptional("shown", caller.Shown);
        WriteRights(json, caller.Client ?? new V1.Client());
        WriteTime(json, "expiresAt", caller.ExpireTime);
        json.WriteOptional("boundAgentId", caller.BoundAgentId);
        json.WriteOptional("boundSessionId", caller.BoundSessionId);
        json.WriteEndObject();
    }

    /// <summary>Writes the members of a token.</summary>
    public static void WriteMembers(Utf8JsonWriter json, ClientToken token)
    {
        json.WriteString("tokenId", token.TokenId);
        json.WriteOptional("label", token.Label);
        json.WriteOptional("agentId", token.AgentId);
        json.WriteOptional("sessionId", token.SessionId);
        WriteTime(json, "createdAt", token.CreateTime);
        WriteTime(json, "expiresAt", token.ExpireTime);
        WriteTime(json, "graceExpiresAt", token.GraceExpireTime);
        WriteTime(json, "lastUsedAt", token.LastUseTime);
    }

    private static void WriteRights(Utf8JsonWriter json, V1.Client client)
    {
        json.WriteStrings("scopes", client.Scopes.Select(Words.Of));
        json.WriteStrings("agents", client.Agents);
        if (client.Models.Count > 0)
            json.WriteStrings("models", client.Models);
        if (client.Limits is { } limits)
        {
            json.WriteStartObject("limits");
            WriteAboveZero(json, "requestsPerMinute", limits.RequestsPerMinute);
            WriteAboveZero(json, "completions", limits.Completions);
            WriteAboveZero(json, "watchers", limits.Watchers);
            WriteAboveZero(json, "megabytes", limits.Megabytes);
            json.WriteEndObject();
        }

        if (client.Budget is { } budget)
        {
            json.WriteStartObject("budget");
            if (budget.Usd > 0)
                json.WriteNumber("usd", budget.Usd);
            WriteAboveZero(json, "tokens", budget.Tokens);
            json.WriteString("period", Words.Of(budget.Period));
            json.WriteEndObject();
        }
    }

    private static void WriteBindings(Utf8JsonWriter json, V1.Client client)
    {
        WriteKind(json, client, "unixUsers", ClientBinding.BindingOneofCase.UnixUser,
            binding => json.WriteNumberValue(binding.UnixUser));
        WriteKind(json, client, "unixGroups", ClientBinding.BindingOneofCase.UnixGroup,
            binding => json.WriteNumberValue(binding.UnixGroup));
        WriteKind(json, client, "certificates", ClientBinding.BindingOneofCase.Certificate,
            binding => json.WriteStringValue(binding.Certificate));
        WriteKind(json, client, "subjects", ClientBinding.BindingOneofCase.Subject, binding =>
        {
            json.WriteStartObject();
            json.WriteString("issuer", binding.Subject.Issuer);
            json.WriteString("subject", binding.Subject.Subject);
            if (binding.Subject.Claims.Count > 0)
            {
                json.WriteStartObject("claims");
                foreach (var (name, value) in binding.Subject.Claims.OrderBy(claim => claim.Key, StringComparer.Ordinal))
                    json.WriteString(name, value);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    private static void WriteKind(
        Utf8JsonWriter json, V1.Client client, string name, ClientBinding.BindingOneofCase kind, Action<ClientBinding> write)
    {
        var bindings = client.Bindings.Where(binding => binding.BindingCase == kind).ToList();
        if (bindings.Count == 0)
            return;
        json.WriteStartArray(name);
        bindings.ForEach(write);
        json.WriteEndArray();
    }

    private static void WriteAboveZero(Utf8JsonWriter json, string name, long number)
    {
        if (number > 0)
            json.WriteNumber(name, number);
    }

    private static void WriteTime(Utf8JsonWriter json, string name, Timestamp? time)
    {
        if (time is not null)
            json.WriteNumber(name, Words.Milliseconds(time));
    }
}
