using ClawGrpc.V1;

namespace ClawGrpc.Cli.Rendering;

/// <summary>A probe of profiles: its request, its results and its times.</summary>
internal sealed record ProbeRun(
    ProbeProfilesRequest Request, IReadOnlyList<ProbeProfilesResponse> Results, DateTimeOffset Started, DateTimeOffset Finished);
