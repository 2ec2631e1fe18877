using System.Collections.Immutable;
using ClawGrpc.Core.Configuration;

namespace ClawGrpc.Gateway.Configuration;

/// <summary>The configuration in force, and what is wrong with the one on disk.</summary>
/// <param name="Configuration">The last good one.</param>
/// <param name="Errors">What is wrong with the files as they are; empty if nothing is.</param>
/// <param name="Files">The files to watch, the configuration first.</param>
internal sealed record ConfigurationState(
    ClawConfiguration Configuration, ImmutableArray<ConfigurationError> Errors, ImmutableArray<string> Files)
{
    /// <summary>What is ignored of the last good one, with the places.</summary>
    public ImmutableArray<ConfigurationError> Warnings { get; init; } = [];
}
