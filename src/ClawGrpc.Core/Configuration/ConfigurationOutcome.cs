using System.Collections.Immutable;

namespace ClawGrpc.Core.Configuration;

/// <summary>What came of reading a configuration: the configuration, or everything that is wrong with it.</summary>
/// <param name="Files">
/// The files that were read or asked for, the configuration first: a change of any may change the outcome.
/// </param>
internal abstract record ConfigurationOutcome(ImmutableArray<string> Files)
{
    /// <summary>The configuration can be used.</summary>
    /// <param name="Warnings">
    /// Values that are ignored, as OpenClaw ignores them, though their author will not have meant it.
    /// </param>
    public sealed record Accepted(
        ClawConfiguration Configuration, ImmutableArray<ConfigurationError> Warnings, ImmutableArray<string> Files)
        : ConfigurationOutcome(Files);

    /// <summary>The configuration cannot be used.</summary>
    /// <param name="Errors">All errors at once, in the order in which OpenClaw reports them. Never empty.</param>
    public sealed record Rejected(ImmutableArray<ConfigurationError> Errors, ImmutableArray<string> Files)
        : ConfigurationOutcome(Files);
}
