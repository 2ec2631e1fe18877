namespace ClawGrpc.Client;

/// <summary>Where a ClawGrpc server listens: a Unix socket or an HTTP/2 address.</summary>
/// <remarks>Written <c>unix:PATH</c>, <c>http://HOST:PORT</c> (HTTP/2 without TLS, for loopback) or
/// <c>https://HOST[:PORT]</c>.</remarks>
public sealed record ClawGrpcEndpoint
{
    /// <summary>The environment variable with the endpoint, for programs that name none.</summary>
    public const string EndpointVariable = "CLAWGRPC_ENDPOINT";

    /// <summary>The environment variable with the state folder, which holds the default socket.</summary>
    public const string StateDirectoryVariable = "CLAWGRPC_STATE_DIR";

    private const string UnixPrefix = "unix:";

    private static readonly (string Variable, string Folder)[] StateDirectories =
    [
        (StateDirectoryVariable, ".clawgrpc"), ("OPENCLAW_STATE_DIR", ".openclaw"), ("CLAWDBOT_STATE_DIR", ".clawdbot"),
        ("MOLTBOT_STATE_DIR", ".moltbot"), ("MOLDBOT_STATE_DIR", ".moldbot"),
    ];

    // sockaddr_un holds 108 bytes, the terminating zero included.
    private const int LongestSocketPath = 107;

    private ClawGrpcEndpoint(string? socketPath, Uri address)
    {
        SocketPath = socketPath;
        Address = address;
    }

    /// <summary>The path of the Unix socket; null if the endpoint is a TCP address.</summary>
    public string? SocketPath { get; }

    /// <summary>The address of the channel; for a Unix socket, only the HTTP/2 authority.</summary>
    public Uri Address { get; }

    /// <summary>Whether the connection is encrypted, and the server proves who it is.</summary>
    internal bool HasTls => SocketPath is null && Address.Scheme == Uri.UriSchemeHttps;

    /// <summary>Whether it is a loopback address without TLS.</summary>
    internal bool IsLoopbackWithoutTls => SocketPath is null && !HasTls && Address.IsLoopback;

    /// <summary>Whether nobody else reads along.</summary>
    internal bool MayCarrySecrets => SocketPath is not null || HasTls || Address.IsLoopback;

    /// <summary>Parses an endpoint.</summary>
    /// <param name="text"><c>unix:PATH</c>, <c>http://HOST:PORT</c> or <c>https://HOST[:PORT]</c>.</param>
    /// <exception cref="FormatException">The text has none of these forms, or the path is too long for a Unix socket.</exception>
    public static ClawGrpcEndpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (trimmed.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase))
            return OfSocket(trimmed[UnixPrefix.Length..], text);
        if (Uri.TryCreate(trimmed, UriKind.Absolute, out var address)
            && address is { Scheme: "http" or "https", Host.Length: > 0 })
        {
            return new ClawGrpcEndpoint(socketPath: null, address);
        }

        throw new FormatException($"\"{text}\" is not an endpoint. Write unix:PATH, http://127.0.0.1:PORT or https://HOST.");
    }

    /// <summary>Finds the endpoint to call: the explicit one, else <c>CLAWGRPC_ENDPOINT</c>, else <c>clawgrpc.sock</c> in the
    /// state folder.</summary>
    /// <remarks>The state folder is <c>CLAWGRPC_STATE_DIR</c> or the variable of OpenClaw, Clawdbot or Moltbot, else the first of
    /// their default folders that exists, else <c>~/.clawgrpc</c>.</remarks>
    /// <param name="explicitEndpoint">The caller's endpoint; null or blank if there is none.</param>
    /// <param name="environment">Reads an environment variable; null for the variables of this process.</param>
    /// <exception cref="FormatException">The explicit endpoint, or the variable, is not an endpoint.</exception>
    public static ClawGrpcEndpoint Resolve(string? explicitEndpoint = null, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        var named = FirstNotBlank(explicitEndpoint, environment(EndpointVariable));
        if (named is not null)
            return Parse(named);
        return OfSocket(Path.Combine(StateDirectory(environment), "clawgrpc.sock"), "the state folder");
    }

    /// <summary>The endpoint in the form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => SocketPath is null ? Address.GetLeftPart(UriPartial.Authority) : UnixPrefix + SocketPath;

    private static ClawGrpcEndpoint OfSocket(string path, string source)
    {
        // gRPC name resolution writes absolute paths as `unix:///run/claw.sock`.
        if (path.StartsWith("///", StringComparison.Ordinal))
            path = path[2..];
        if (path.Length == 0)
            throw new FormatException($"\"{source}\" names no path. Write unix:PATH.");
        var full = Path.GetFullPath(path);
        if (System.Text.Encoding.UTF8.GetByteCount(full) > LongestSocketPath)
        {
            throw new FormatException(
                $"The path of a Unix socket has at most {LongestSocketPath} bytes; this one has more: {full}");
        }

        return new ClawGrpcEndpoint(full, new Uri("http://localhost"));
    }

    // The same search as the server's.
    internal static string StateDirectory(Func<string, string?> environment)
    {
        var home = HomeOf(environment);
        foreach (var (variable, _) in StateDirectories)
        {
            if (FirstNotBlank(environment(variable), null) is not { } named)
                continue;
            return named == "~" || named.StartsWith("~/", StringComparison.Ordinal) ? home + named[1..] : named;
        }

        return StateDirectories.Select(state => Path.Combine(home, state.Folder)).FirstOrDefault(Directory.Exists)
            ?? Path.Combine(home, StateDirectories[0].Folder);
    }

    private static string? FirstNotBlank(string? first, string? second) =>
        !string.IsNullOrWhiteSpace(first) ? first.Trim() : !string.IsNullOrWhiteSpace(second) ? second.Trim() : null;

    private static string HomeOf(Func<string, string?> environment) =>
        FirstNotBlank(environment("HOME"), null) ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
