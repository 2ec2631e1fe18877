using System.CommandLine;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary>The options that choose the form of a command's output.</summary>
internal sealed record OutputOptions
{
    public Option<bool> Json { get; } = new("--json") { Description = "Output JSON" };

    public Option<bool> Plain { get; } = new("--plain") { Description = "Plain output" };

    /// <summary>The form of the output.</summary>
    /// <exception cref="CliFailure">Both options were given (openclaw-spec.md, section 7.3; exit code 1, as there).</exception>
    public OutputForm FormOf(Invocation invocation) => (invocation.Get(Json), invocation.Get(Plain)) switch
    {
        (true, true) => throw CliFailure.Failed("Choose either --json or --plain, not both."),
        (true, false) => OutputForm.Json,
        (false, true) => OutputForm.Plain,
        _ => OutputForm.Text,
    };
}

/// <summary>The form of a command's output.</summary>
internal enum OutputForm
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON document.</summary>
    Json,

    /// <summary>Bare values, one per line.</summary>
    Plain,
}
