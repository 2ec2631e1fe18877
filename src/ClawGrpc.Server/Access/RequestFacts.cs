using System.Collections;
using System.Collections.Immutable;
using ClawGrpc.Core;
using ClawGrpc.Core.StateFiles;
using ClawGrpc.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ClawGrpc.Server.Access;

/// <summary>What the audit has of a message: its fields, without secrets and addresses of accounts.</summary>
/// <param name="Agent">Its <c>agent_id</c>; empty if it has none.</param>
/// <param name="Profile">Its <c>profile_id</c>; empty if it has none.</param>
/// <param name="Credential">The credential that it brings; null if it brings none.</param>
/// <param name="Details">Its other fields that are set.</param>
internal sealed record RequestFacts(
    string Agent, string Profile, Secret? Credential, ImmutableArray<(string Name, string Value)> Details)
{
    private const int MostDetails = 32;
    private static readonly string[] Left = ["key", "token", "secret", "email", "agent_id", "profile_id"];

    public static RequestFacts Of(IMessage message)
    {
        var details = ImmutableArray.CreateBuilder<(string, string)>();
        Add(message, "", details);
        return new RequestFacts(Text(message, "agent_id"), Text(message, "profile_id"), CredentialOf(message), [.. details]);
    }

    // As it is stored, so that it can be searched for.
    private static Secret? CredentialOf(IMessage message)
    {
        var (pasted, given) = message switch
        {
            OnboardRequest { ApiKey.Key: { Length: > 0 } key } => (key, CredentialInput.ApiKey(key)),
            OnboardRequest { SetupToken.Token: { Length: > 0 } token } => (token, CredentialInput.SetupToken(token)),
            PasteTokenRequest { Token: { Length: > 0 } token } => (token, CredentialInput.PastedToken(token)),
            _ => ("", null),
        };
        return given is null ? null : given.Secret ?? new Secret(pasted);
    }

    private static string Text(IMessage message, string field) =>
        message.Descriptor.FindFieldByName(field) is { FieldType: FieldType.String, IsRepeated: false } found
            ? (string)found.Accessor.GetValue(message)
            : "";

    private static void Add(IMessage message, string prefix, ImmutableArray<(string, string)>.Builder details)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (details.Count >= MostDetails || (field.FieldType == FieldType.String && Left.Contains(field.Name)) || field.IsMap)
                continue;
            var name = $"{prefix}{field.Name}";
            var value = field.Accessor.GetValue(message);
            if (field.IsRepeated)
            {
                if (value is IList { Count: > 0 } all)
                    details.Add((name, string.Join(", ", all.Cast<object>())));
            }
            else if (value is IMessage inner)
            {
                if (inner is Google.Protobuf.WellKnownTypes.Duration or Google.Protobuf.WellKnownTypes.Timestamp)
                    details.Add((name, $"{inner}".Trim('"')));
                else
                    Add(inner, $"{name}.", details);
            }
            else if (value is not (null or "" or false or 0 or 0L or 0d or 0u) && value is not ByteString
                && !(field.FieldType == FieldType.Enum && Convert.ToInt32(value, null) == 0))
            {
                details.Add((name, $"{value}"));
            }
        }
    }
}
