namespace ClawGrpc.Client;

/// <summary>Where a ClawGrpc server listens: a Unix socket or an HTTP/2 address.</summary>
/// <remarks>Written <c>unix:PATH</c>, <c>http://HOST:PORT</c> (HTTP/2 without TLS, for loopback) or <c>https://HOST[:PORT]</c>.</remarks>
public sealed record ClawGrpcEndpoint
{
    /// <summary>The environment variable that names the endpoint when the program names none.</summary>
    public const string EndpointVariable = "CLAWGRPC_ENDPOINT";

    /// <summary>The environment variable that names the state folder, in which the default socket lies.</summary>
    public const string StateDirectoryVariable = "CLAWGRPC_STATE_DIR";

    private const string UnixPrefix = "unix:";

    // The kernel's sockaddr_un holds 108 bytes, the closing zero included.
    private const int LongestSocketPath = 107;

    private ClawGrpcEndpoint(string? socketPath, Uri address)
    {
        SocketPath = socketPath;
        Address = address;
    }

    /// <summary>The path of the Unix socket; null: the endpoint is a TCP address.</summary>
    public string? SocketPath { get; }

    /// <summary>The address the channel is made for; for a Unix socket only a name for the HTTP/2 authority.</summary>
    public Uri Address { get; }

    /// <summary>Reads an endpoint as people write it.</summary>
    /// <param name="text"><c>unix:PATH</c>, <c>http://HOST:PORT</c> or <c>https://HOST[:PORT]</c>.</param>
    /// <exception cref="FormatException">It is none of the three, or the path is longer than a Unix socket's may be.</exception>
    public static ClawGrpcEndpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (trimmed.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase)) return OfSocket(trimmed[UnixPrefix.Length..], text);
        if (Uri.TryCreate(trimmed, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Host.Length > 0)
            return new ClawGrpcEndpoint(socketPath: null, address);
        throw new FormatException($"\"{text}\" is not an endpoint. Write unix:PATH, http://127.0.0.1:PORT or https://HOST.");
    }

    /// <summary>The endpoint to call: the one named, else <c>CLAWGRPC_ENDPOINT</c>, else the socket of the state folder
    /// (<c>clawgrpc.sock</c> in <c>CLAWGRPC_STATE_DIR</c>, else in <c>~/.clawgrpc</c>).</summary>
    /// <param name="explicitEndpoint">What the caller named; null or blank: nothing.</param>
    /// <param name="environment">Reads an environment variable; null: the process's own.</param>
    /// <exception cref="FormatException">What was named, or the variable, is not an endpoint.</exception>
    public static ClawGrpcEndpoint Resolve(string? explicitEndpoint = null, Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        var named = FirstNotBlank(explicitEndpoint, environment(EndpointVariable));
        if (named is not null) return Parse(named);
        var state = FirstNotBlank(environment(StateDirectoryVariable), null)
            ?? Path.Combine(HomeOf(environment), ".clawgrpc");
        return OfSocket(Path.Combine(state, "clawgrpc.sock"), "the state folder");
    }

    /// <summary>The endpoint as people write it.</summary>
    public override string ToString() => SocketPath is null ? Address.GetLeftPart(UriPartial.Authority) : UnixPrefix + SocketPath;

    private static ClawGrpcEndpoint OfSocket(string path, string source)
    {
        // `unix:///run/claw.sock` is how gRPC's own naming writes an absolute path.
        if (path.StartsWith("///", StringComparison.Ordinal)) path = path[2..];
        if (path.Length == 0) throw new FormatException($"\"{source}\" names no path. Write unix:PATH.");
        var full = Path.GetFullPath(path);
        if (System.Text.Encoding.UTF8.GetByteCount(full) > LongestSocketPath)
            throw new FormatException($"The path of a Unix socket has at most {LongestSocketPath} bytes; this one has more: {full}");
        return new ClawGrpcEndpoint(full, new Uri("http://localhost"));
    }

    private static string? FirstNotBlank(string? first, string? second) =>
        !string.IsNullOrWhiteSpace(first) ? first.Trim() : !string.IsNullOrWhiteSpace(second) ? second.Trim() : null;

    private static string HomeOf(Func<string, string?> environment) =>
        FirstNotBlank(environment("HOME"), null) ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
