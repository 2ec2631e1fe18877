namespace ClawGrpc.Cli;

/// <summary>The command cannot go on, and exits with 1; the text is all that a person is told.</summary>
internal sealed class CliFailure : Exception
{
    private CliFailure(string text)
        : base(text)
    {
    }

    /// <summary>It failed.</summary>
    public static CliFailure Failed(string message) => new("Error: " + message);

    /// <summary>A refusal in OpenClaw's own words, which scripts look for (openclaw-spec.md §7): no prefix.</summary>
    public static CliFailure Verbatim(string text) => new(text);
}
