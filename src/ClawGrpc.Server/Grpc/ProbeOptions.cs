using ClawGrpc.Gateway;
using System.Collections.Immutable;
using ClawGrpc.V1;

namespace ClawGrpc.Server.Grpc;

/// <summary>How to probe.</summary>
/// <param name="Provider">Normalized; empty: all.</param>
/// <param name="ProfileIds">Empty: all.</param>
/// <param name="Timeout">For one probe.</param>
/// <param name="Concurrency">At least one.</param>
/// <param name="MaxTokens">At least one.</param>
internal sealed record ProbeOptions(string Provider, ImmutableArray<string> ProfileIds, TimeSpan Timeout, int Concurrency, int MaxTokens)
{
    private const int MostAtOnce = 16;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>The request's, with OpenClaw's defaults (openclaw-spec.md, section 7.3).</summary>
    /// <exception cref="RefusedException">INVALID_FIELD.</exception>
    public static ProbeOptions Of(ProbeProfilesRequest request)
    {
        var wrong = new List<(string, string)>();
        var timeout = request.Timeout?.ToTimeSpan() ?? TimeSpan.FromSeconds(8);
        if (timeout <= TimeSpan.Zero || timeout > Longest)
            wrong.Add(("timeout", $"Expected more than nothing and at most {Longest.TotalMinutes:0} minutes"));
        if (request.Concurrency is < 0 or > MostAtOnce)
            wrong.Add(("concurrency", $"Expected 0 to {MostAtOnce}"));
        if (request.MaxTokens < 0)
            wrong.Add(("max_tokens", "Expected 0 or more"));
        return wrong.Count > 0 ? throw Refusal.InvalidFields(wrong).ToException() : new ProbeOptions(
            Core.Provider.Normalize(request.Provider), [.. request.ProfileIds.Select(id => id.Trim()).Where(id => id.Length > 0)],
            timeout, request.Concurrency is 0 ? 2 : request.Concurrency, request.MaxTokens is 0 ? 8 : request.MaxTokens);
    }
}
