using Google.Protobuf;

namespace ClawGrpc.V1;

// Messages print themselves in logs, debuggers and exceptions. The ones that hold a secret print none of their content; a message
// that contains one of them prints it in this form too.

public sealed partial class ApiKeyCredential : ICustomDiagnosticMessage
{
    /// <summary>Nothing of the content.</summary>
    public string ToDiagnosticString() => Redacted.Text;
}

public sealed partial class SetupTokenCredential : ICustomDiagnosticMessage
{
    /// <summary>Nothing of the content.</summary>
    public string ToDiagnosticString() => Redacted.Text;
}

public sealed partial class PasteTokenRequest : ICustomDiagnosticMessage
{
    /// <summary>Nothing of the content.</summary>
    public string ToDiagnosticString() => Redacted.Text;
}

internal static class Redacted
{
    public const string Text = "{ \"redacted\": true }";
}
