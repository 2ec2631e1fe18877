using System.CommandLine;
using System.Text.Json;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw models auth list</c>: the profiles of an agent, with OpenClaw 2026.9's members and ClawGrpc's own behind
/// them.</summary>
internal static class AuthListCommand
{
    public static Command Create(Globals globals)
    {
        var provider = new Option<string?>("--provider")
        {
            Description = "Only profiles of a provider (e.g. anthropic)",
            HelpName = "name",
        };
        var json = new Option<bool>("--json") { Description = "Output JSON" };
        const string description = "List the auth profiles of an agent";
        return globals.Command("list", description, [provider, json], async (invocation, cancellation) =>
        {
            var request = new GetStatusRequest { AgentId = invocation.AgentId };
            var status = (await invocation.Models.GetStatusAsync(request, cancellationToken: cancellation)).Status;
            var name = invocation.Get(provider)?.Trim() is { Length: > 0 } given ? given : null;
            var profiles = (status.Auth?.Profiles ?? []).Where(profile =>
                name is null || string.Equals(profile.Provider, name, StringComparison.OrdinalIgnoreCase)).ToList();
            if (invocation.Get(json))
                Json.WriteDocument(invocation.Out, writer => Write(writer, status, name, profiles));
            else
                Write(invocation, status, profiles);
            invocation.Out.Flush();
            return 0;
        });
    }

    private static void Write(Invocation invocation, AgentStatus status, List<ProfileStatus> profiles)
    {
        invocation.Out.Write($"Agent: {status.AgentId}\n");
        invocation.Out.Write($"Auth file: {invocation.Environment.ShortPath(status.Auth?.StorePath ?? "")}\n");
        invocation.Out.Write($"Profiles ({profiles.Count}):\n");
        if (profiles.Count == 0)
            invocation.Out.Write("- none; add one: claw onboard\n");
        var now = invocation.Environment.Time.GetUtcNow();
        foreach (var profile in profiles)
        {
            var secret = profile.Mask.Length > 0 ? $" {profile.Mask}" : "";
            var order = profile.OrderPosition > 0 ? $" · order {profile.OrderPosition}" : "";
            var state = StateOf(status, profile, now);
            invocation.Out.Write(
                $"- {profile.Label} ({profile.Provider}/{Words.Of(profile.Type)}){secret} · {state}{order}\n");
        }
    }

    // What sets it aside, else whether its credential is valid.
    private static string StateOf(AgentStatus status, ProfileStatus profile, DateTimeOffset now)
    {
        var asides = AsidesOf(status, profile).Select(aside =>
        {
            var model = aside.Model.Length > 0 ? $" for {aside.Model}" : "";
            var reason = aside.Reason.Length > 0 ? $": {aside.Reason}" : "";
            var left = aside.RecoverTime is { } until ? $" {ShortDuration.Of(until.ToDateTimeOffset() - now)}" : "";
            return $"{aside.Kind}{reason}{left}{model}";
        }).ToList();
        if (asides.Count > 0)
            return string.Join(", ", asides);
        return profile switch
        {
            { Expiry: ExpiryState.Static } => "ok",
            { ExpireTime: { } end, Expiry: not ExpiryState.Expired } =>
                $"{Words.Of(profile.Expiry)} expires in {ShortDuration.Of(end.ToDateTimeOffset() - now)}",
            _ => Words.Of(profile.Expiry),
        };
    }

    private static IEnumerable<UnusableProfile> AsidesOf(AgentStatus status, ProfileStatus profile) =>
        status.Auth.UnusableProfiles.Where(aside => aside.ProfileId == profile.ProfileId);

    private static void Write(
        Utf8JsonWriter json, AgentStatus status, string? provider, IEnumerable<ProfileStatus> profiles)
    {
        json.WriteStartObject();
        json.WriteString("agentId", status.AgentId);
        json.WriteString("agentDir", status.AgentDir);
        json.WriteString("authStatePath", status.Auth?.StorePath ?? "");
        json.WriteString("provider", provider);
        json.WriteStartArray("profiles");
        foreach (var profile in profiles)
            Write(json, status, profile);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AgentStatus status, ProfileStatus profile)
    {
        var whole = AsidesOf(status, profile).Where(aside => aside.Model.Length == 0).ToList();
        var disabled = whole.Find(aside => aside.Kind == "disabled");
        json.WriteStartObject();
        json.WriteString("id", profile.ProfileId);
        json.WriteString("provider", profile.Provider);
        json.WriteString("type", Words.Of(profile.Type));
        json.WriteString("label", profile.Label);
        WriteTime(json, "expiresAt", profile.ExpireTime);
        WriteTime(json, "cooldownUntil", whole.Find(aside => aside.Kind == "cooldown")?.RecoverTime);
        WriteTime(json, "disabledUntil", disabled?.RecoverTime);
        json.WriteOptional("disabledReason", disabled?.Reason ?? "");
        json.WriteOptional("recoveryHint", whole.Find(aside => aside.RecoveryHint.Length > 0)?.RecoveryHint ?? "");
        json.WriteOptional("masked", profile.Mask);
        json.WriteString("status", Words.Of(profile.Expiry));
        json.WriteBoolean("disabled", disabled is not null);
        if (profile.OrderPosition > 0)
            json.WriteNumber("order", profile.OrderPosition);
        WriteTime(json, "lastUsedAt", profile.LastUsedTime);
        json.WriteStartArray("routes");
        foreach (var aside in AsidesOf(status, profile).Where(aside => aside.Model.Length > 0))
        {
            json.WriteStartObject();
            json.WriteString("model", aside.Model);
            json.WriteString("kind", aside.Kind);
            json.WriteOptional("reason", aside.Reason);
            WriteTime(json, "until", aside.RecoverTime);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // As OpenClaw writes these: ISO 8601 with milliseconds.
    private static void WriteTime(Utf8JsonWriter json, string name, Timestamp? time)
    {
        if (time is not null)
            json.WriteString(name, Words.Instant(time));
    }
}
