namespace ClawGrpc.Core;

/// <summary>A text of others that another sentence follows.</summary>
internal static class Sentence
{
    /// <summary>The text with a full stop, unless it ends a sentence already.</summary>
    public static string Of(string text)
    {
        var trimmed = text.TrimEnd();
        return trimmed is [.., '.' or '!' or '?' or '…'] ? trimmed : $"{trimmed}.";
    }
}
