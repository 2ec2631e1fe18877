using ClawGrpc.Core.Anthropic;
using ClawGrpc.Core.Routing;
using ClawGrpc.Gateway;
using ClawGrpc.Gateway.Completions;
using ClawGrpc.V1;
using Google.Protobuf.WellKnownTypes;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>Probes on their way in and out.</summary>
internal static class ProbeMapping
{
    private const int MostAtOnce = 16;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>The request's options, with OpenClaw's defaults (openclaw-spec.md, section 7.3).</summary>
    /// <exception cref="RefusedException">INVALID_FIELD.</exception>
    public static ProbeOptions ToOptions(ProbeProfilesRequest request)
    {
        var errors = new FieldErrors();
        var timeout = request.Timeout?.ToTimeSpan() ?? TimeSpan.FromSeconds(8);
        if (timeout <= TimeSpan.Zero || timeout > Longest)
            errors.Add("timeout", $"Expected more than nothing and at most {Longest.TotalMinutes:0} minutes");
        if (request.Concurrency is < 0 or > MostAtOnce)
            errors.Add("concurrency", $"Expected 0 to {MostAtOnce}");
        if (request.MaxTokens < 0)
            errors.Add("max_tokens", "Expected 0 or more");
        Refusal.IfAny(errors);
        return new ProbeOptions(
            Core.Provider.Normalize(request.Provider),
            [.. request.ProfileIds.Select(id => id.Trim()).Where(id => id.Length > 0)],
            timeout,
            request.Concurrency is 0 ? 2 : request.Concurrency,
            request.MaxTokens is 0 ? 8 : request.MaxTokens);
    }

    public static ProbeProfilesResponse ToMessage(Probe probe) => new()
    {
        Provider = probe.Provider,
        Model = probe.Model,
        ProfileId = probe.ProfileId,
        Label = probe.Label,
        Source = probe.Source,
        Type = ByName.To<CredentialKind, CredentialType>(probe.Kind),
        Status = ByName.To<ProbeOutcome, ProbeStatus>(probe.Outcome),
        Error = probe.Error,
        Latency = probe.Latency is { } latency ? Duration.FromTimeSpan(latency) : null,
    };
}
