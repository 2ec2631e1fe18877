using System.Text;
using ClawGrpc.V1;

namespace ClawGrpc.Cli.Commands;

/// <summary>A conversation, kept in memory only.</summary>
/// <param name="sessionId">Fixed, so that profile and prompt cache stay the same.</param>
/// <param name="settings">Agent, model, retention, system prompt; its messages are the history.</param>
internal sealed class Conversation(string sessionId, CompletionInput settings)
{
    /// <summary>The model; empty for the configured one.</summary>
    public string Model { get; set; } = settings.Model;

    /// <summary>The retention of the prompt cache.</summary>
    public CacheRetention Retention { get; set; } = settings.CacheRetention;

    /// <summary>The request for the next answer.</summary>
    /// <param name="text">What the person said.</param>
    public CompletionInput Next(string text)
    {
        var input = settings.Clone();
        (input.SessionId, input.Model, input.CacheRetention) = (sessionId, Model, Retention);
        input.Messages.Messages.Add(MessageOf(Role.User, text));
        return input;
    }

    /// <summary>Keeps a question and its answer, as far as it came. Without an answer neither is kept.</summary>
    public void Keep(string text, StringBuilder answer)
    {
        var said = answer.ToString().TrimEnd();
        if (said.Length == 0)
            return;
        settings.Messages.Messages.Add(MessageOf(Role.User, text));
        settings.Messages.Messages.Add(MessageOf(Role.Assistant, said));
    }

    private static Message MessageOf(Role role, string text) =>
        new() { Role = role, Content = { new ContentBlock { Text = new TextBlock { Text = text } } } };
}
