namespace ClawGrpc.Cli.Invocations;

/// <summary>Ends the command with exit code 1; the message is the whole text on standard error.</summary>
internal sealed class CliFailure : Exception
{
    private CliFailure(string text)
        : base(text)
    {
    }

    /// <summary>A failure; the text gets the prefix <c>Error: </c>.</summary>
    public static CliFailure Failed(string message) => new("Error: " + message);

    /// <summary>A failure in OpenClaw's exact words, which scripts search for (openclaw-spec.md, section 7); no prefix.</summary>
    public static CliFailure Verbatim(string text) => new(text);
}
