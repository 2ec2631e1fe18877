using Google.Protobuf;

namespace ClawGrpc.V1;

// Messages that carry a secret print without it, inside other messages too, so that no log line or exception text shows one.
// Serialization is unchanged.

public sealed partial class ApiKeyCredential : ICustomDiagnosticMessage
{
    /// <inheritdoc />
    public string ToDiagnosticString() => Redaction.Print(new ApiKeyCredential(this) { Key = Redaction.Of(Key) });
}

public sealed partial class SetupTokenCredential : ICustomDiagnosticMessage
{
    /// <inheritdoc />
    public string ToDiagnosticString() => Redaction.Print(new SetupTokenCredential(this) { Token = Redaction.Of(Token) });
}

public sealed partial class PasteTokenRequest : ICustomDiagnosticMessage
{
    /// <inheritdoc />
    public string ToDiagnosticString() => Redaction.Print(new PasteTokenRequest(this) { Token = Redaction.Of(Token) });
}

public sealed partial class CreateTokenResponse : ICustomDiagnosticMessage
{
    /// <inheritdoc />
    public string ToDiagnosticString() => Redaction.Print(new CreateTokenResponse(this) { Secret = Redaction.Of(Secret) });
}

public sealed partial class RotateTokenResponse : ICustomDiagnosticMessage
{
    /// <inheritdoc />
    public string ToDiagnosticString() => Redaction.Print(new RotateTokenResponse(this) { Secret = Redaction.Of(Secret) });
}

internal static class Redaction
{
    /// <summary>The text in place of a secret; empty if the secret is empty, so that a log tells missing from hidden.</summary>
    public static string Of(string secret) => secret.Length == 0 ? "" : "[redacted]";

    /// <summary>Formats a copy without secrets as JSON. The formatter throws on invalid values of callers, such as a duration
    /// out of range; printing must not.</summary>
    public static string Print(IMessage copy)
    {
        try
        {
            return JsonFormatter.Default.Format(copy);
        }
        catch (InvalidOperationException)
        {
            return "{ \"unprintable\": true }";
        }
    }
}
