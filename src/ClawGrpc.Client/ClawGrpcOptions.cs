namespace ClawGrpc.Client;

/// <summary>Where the server is, how a channel shows who calls, and which server it trusts. What is null is taken from the
/// environment.</summary>
public sealed class ClawGrpcOptions
{
    /// <summary>The environment variable with the path of a file that holds a token.</summary>
    public const string TokenFileVariable = "CLAWGRPC_TOKEN_FILE";

    /// <summary>The environment variable with a token.</summary>
    public const string TokenVariable = "CLAWGRPC_TOKEN";

    /// <summary>The environment variable with the path of the CA's certificates.</summary>
    public const string CaFileVariable = "CLAWGRPC_CA_FILE";

    /// <summary>The environment variable with the path of the client's certificate.</summary>
    public const string CertificateFileVariable = "CLAWGRPC_CERT_FILE";

    /// <summary>The environment variable with the path of the key of that certificate.</summary>
    public const string KeyFileVariable = "CLAWGRPC_KEY_FILE";

    /// <summary><c>unix:PATH</c>, <c>http://HOST:PORT</c> or <c>https://HOST[:PORT]</c>; null or blank for
    /// <c>CLAWGRPC_ENDPOINT</c>, else the socket in the state folder.</summary>
    public string? Endpoint { get; set; }

    /// <summary>A file with a token of ClawGrpc or of an issuer that the server trusts. It is read again for each call, so a
    /// token that was replaced is taken up at once.</summary>
    public string? TokenFile { get; set; }

    /// <summary>The token itself, which nothing reads back, so no configuration section binds it; a token file counts before
    /// it.</summary>
    public string? Token { internal get; set; }

    /// <summary>A PEM file with the only CA certificates to trust; else those of the system. Read again for each
    /// connection.</summary>
    public string? CaFile { get; set; }

    /// <summary>A PEM file with the client's certificate and those of the CAs between. Read again for each connection.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>A PEM file with the key of <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Reads an environment variable; null for the variables of this process.</summary>
    public Func<string, string?>? Environment { get; set; }

    /// <summary>Where the token of calls to an endpoint comes from: an option, a variable or a file by name. Null if calls show
    /// no token.</summary>
    /// <param name="endpoint">The server.</param>
    public string? TokenOrigin(ClawGrpcEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return TokenSource.Find(this, endpoint)?.Origin;
    }

    internal string? Variable(string name) =>
        (Environment ?? System.Environment.GetEnvironmentVariable)(name) is { } value && value.Trim() is { Length: > 0 } text
            ? text
            : null;
}
