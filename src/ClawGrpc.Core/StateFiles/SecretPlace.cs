using System.Collections.Immutable;

namespace ClawGrpc.Core.StateFiles;

/// <summary>A secret of an agent's profiles.</summary>
/// <param name="ProfileId">The profile.</param>
/// <param name="Kind">Its member: one of <see cref="Kinds"/>.</param>
internal readonly record struct SecretPlace(string ProfileId, string Kind)
{
    /// <summary>The members of a profile that hold a secret.</summary>
    public static readonly ImmutableArray<string> Kinds = ["key", "token", "access", "refresh"];

    /// <summary>Whether a text is a secret: one that is not blank, and no name of a variable.</summary>
    public static bool IsSecret(string text) => !string.IsNullOrWhiteSpace(text) && SecretReference.OfText(text) is null;
}

/// <summary>How a secret is stored.</summary>
/// <param name="Place">Which one.</param>
/// <param name="KeyId">The key that it is sealed with; empty if it says none, null if the secret is plain text.</param>
/// <param name="Problem">Why it does not open, as half a sentence; null if it does, or if it is plain text.</param>
internal sealed record SecretState(SecretPlace Place, string? KeyId, string? Problem);
