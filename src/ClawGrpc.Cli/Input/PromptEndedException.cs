namespace ClawGrpc.Cli.Input;

/// <summary>The person ended a question instead of answering it: by Esc, Ctrl-D or Ctrl-C.</summary>
/// <param name="interrupted">Whether by Ctrl-C.</param>
internal sealed class PromptEndedException(bool interrupted) : Exception("Cancelled; nothing was changed.")
{
    /// <summary>Whether by Ctrl-C, which has an exit code of its own.</summary>
    public bool Interrupted { get; } = interrupted;
}
