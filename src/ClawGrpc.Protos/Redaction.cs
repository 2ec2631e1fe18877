using Google.Protobuf;

namespace ClawGrpc.V1;

// Every message that carries a secret prints as it is but for the secret, also inside of other messages: whoever logs a
// message, or lets an exception name one, gives nothing away. The wire is not concerned.

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

internal static class Redaction
{
    /// <summary>What stands for a secret in print: nothing when there is none, so that a forgotten value can be told from a hidden one.</summary>
    public static string Of(string secret) => secret.Length == 0 ? "" : "[redacted]";

    /// <summary>
    /// A copy without secrets as JSON. Callers' values may be impossible, such as a duration out of range, and the formatter refuses
    /// those; printing must not fail for it.
    /// </summary>
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
