using ClawGrpc.Core.Routing;

namespace ClawGrpc.Core.Configuration;

/// <summary>
/// What <c>clawgrpc.json</c>, or the configuration of an OpenClaw folder, contains, as far as ClawGrpc reads it. All other
/// sections are OpenClaw's and are left alone.
/// </summary>
internal sealed record ClawConfiguration
{
    /// <summary>
    /// No file: nothing is configured, and OpenClaw's implicit defaults do not hold (openclaw-spec.md, section 2.5).
    /// </summary>
    public static readonly ClawConfiguration None = new();

    /// <summary>Whether there is a file.</summary>
    public bool FileExists { get; init; }

    /// <summary>
    /// <c>meta.lastTouchedVersion</c>: the version of the program that wrote the file last; null if unknown.
    /// </summary>
    public string? WrittenBy { get; init; }

    /// <summary>The section <c>env</c>.</summary>
    public EnvConfiguration Env { get; init; } = EnvConfiguration.None;

    /// <summary>The section <c>auth</c>.</summary>
    public AuthConfiguration Auth { get; init; } = AuthConfiguration.None;

    /// <summary>The section <c>models</c>.</summary>
    public ModelsConfiguration Models { get; init; } = ModelsConfiguration.None;

    /// <summary>The section <c>secrets</c>.</summary>
    public SecretsConfiguration Secrets { get; init; } = SecretsConfiguration.None;

    /// <summary>The section <c>agents</c>.</summary>
    public AgentsConfiguration Agents { get; init; } = AgentsConfiguration.None;

    /// <summary>The section <c>clawgrpc</c>.</summary>
    public ServiceConfiguration Service { get; init; } = ServiceConfiguration.Default;

    /// <summary>What selection takes from it.</summary>
    public AuthSettings AuthSettings =>
        new() { Profiles = Auth.Profiles, Order = Auth.Order, Subscriptions = Service.Subscriptions };
}
