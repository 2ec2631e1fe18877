namespace ClawGrpc.Cli;

/// <summary>The command cannot go on; the text is all that a person is told.</summary>
internal sealed class CliFailure : Exception
{
    private CliFailure(string text, int exitCode)
        : base(text) => ExitCode = exitCode;

    /// <summary>1: it failed; 2: it was called wrongly.</summary>
    public int ExitCode { get; }

    /// <summary>It failed: exit code 1.</summary>
    public static CliFailure Failed(string message) => new("Error: " + message, exitCode: 1);

    /// <summary>It was called wrongly: exit code 2.</summary>
    public static CliFailure Usage(string message) => new("Error: " + message, exitCode: 2);

    /// <summary>A refusal in OpenClaw's own words, which scripts look for (openclaw-spec.md §7): no prefix, exit code 1.</summary>
    public static CliFailure Verbatim(string text) => new(text, exitCode: 1);
}
