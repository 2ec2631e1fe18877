using System.Net;

namespace ClawGrpc.Server.Hosting;

/// <summary>Where the server listens: a Unix socket, or a port of the loopback interface.</summary>
internal abstract record ListenAddress
{
    internal sealed record UnixSocket(string Path) : ListenAddress
    {
        // The kernel's sockaddr_un holds this many bytes, the closing zero included.
        public const int LongestPath = 107;

        public override string ToString() => $"unix:{Path}";
    }

    internal sealed record Loopback(IPAddress Address, int Port) : ListenAddress
    {
        public override string ToString() => $"http://{new IPEndPoint(Address, Port)}";
    }

    /// <summary>
    /// Reads <c>unix:PATH</c> or <c>http://127.0.0.1:PORT</c>. Any other address is refused.
    /// </summary>
    public static (ListenAddress? Address, string? Error) Parse(string text)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal))
            return ParseUnix(text["unix:".Length..]);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
            || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return (null, $"--listen {text}: expected unix:PATH or http://127.0.0.1:PORT.");
        }
        if (uri.Scheme == "https")
            return (null, $"--listen {text}: TLS is not supported yet. Use unix:PATH or http://127.0.0.1:PORT.");
        var address = uri.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var parsed) ? parsed : null;

        // A socket of version 6 cannot be bound to an address of version 4 in its clothes.
        address = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return address is not null && IPAddress.IsLoopback(address)
            ? (new Loopback(address, uri.Port), null)
            : (null, $"--listen {text}: refusing to listen beyond this machine, since callers are not authenticated. "
                + "Use unix:PATH or http://127.0.0.1:PORT.");
    }

    private static (ListenAddress?, string?) ParseUnix(string path)
    {
        if (path.Length == 0)
            return (null, "--listen unix:: the path of the socket is missing.");
        var full = Path.GetFullPath(path);
        return System.Text.Encoding.UTF8.GetByteCount(full) <= UnixSocket.LongestPath
            ? (new UnixSocket(full), null)
            : (null, $"--listen unix:{full}: the path is longer than the {UnixSocket.LongestPath} bytes a Unix socket may have. "
                + "Use a shorter one.");
    }
}
