using ClawGrpc.Core.Routing;
using ClawGrpc.Json5;

namespace ClawGrpc.Core.Configuration;

/// <summary>What an edit of a configuration came to.</summary>
/// <param name="Text">The new text of the file; the old one when nothing changed.</param>
/// <param name="Refusal">Why nothing changed, in OpenClaw's words; null if the edit was made.</param>
internal sealed record ConfigurationEdit(string Text, string? Refusal = null)
{
    /// <summary>What the refusal is for programs; of no meaning without one.</summary>
    public RefusalReason Reason { get; init; } = RefusalReason.ModelNotFound;

    /// <summary>The text that an edit starts from when there is no file yet.</summary>
    public const string NoFile = "{}\n";

    internal static ConfigurationEdit Done(Json5Document document) => new(document.Text);
}
