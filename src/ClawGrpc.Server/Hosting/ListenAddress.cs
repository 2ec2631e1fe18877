using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace ClawGrpc.Server.Hosting;

/// <summary>Where the server listens: a Unix socket, a port of the loopback interface, or a port of any with TLS.</summary>
internal abstract record ListenAddress
{
    internal sealed record UnixSocket(string Path) : ListenAddress
    {
        // The kernel's sockaddr_un holds this many bytes, the closing zero included.
        public const int LongestPath = 107;

        public override string ToString() => $"unix:{Path}";
    }

    /// <param name="Address">Of an interface, or of all.</param>
    /// <param name="Port">0: a free one.</param>
    internal abstract record Tcp(IPAddress Address, int Port) : ListenAddress;

    internal sealed record Loopback(IPAddress Address, int Port) : Tcp(Address, Port)
    {
        public override string ToString() => $"http://{new IPEndPoint(Address, Port)}";
    }

    /// <param name="Host">The address, or the name that stands for it.</param>
    /// <param name="Address">Likewise.</param>
    /// <param name="Port">Likewise.</param>
    internal sealed record Tls(string Host, IPAddress Address, int Port) : Tcp(Address, Port)
    {
        public override string ToString() => $"https://{Host}:{Port}";
    }

    /// <summary>
    /// Reads <c>unix:PATH</c>, <c>http://127.0.0.1:PORT</c> or <c>https://HOST:PORT</c>. Any other address is refused.
    /// </summary>
    /// <param name="text">The address.</param>
    /// <param name="option">The option that gives it, for what is wrong.</param>
    /// <returns>All addresses of a name; the first one alone if any port will do, since each would get another.</returns>
    public static (ImmutableArray<ListenAddress> Addresses, string? Error) Parse(string text, string option)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal))
            return ParseUnix(text["unix:".Length..], option);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")
            || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return Refused($"{option} {text}: expected unix:PATH, http://127.0.0.1:PORT or https://HOST:PORT.");
        }

        if (uri.Scheme == "https")
            return ParseTls(text, uri, option);
        var addresses = uri.Host == "localhost" ? LocalOf(OfLocalhost)
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var parsed) ? [Plain(parsed)] : [];
        return addresses.Length > 0 && addresses.All(IPAddress.IsLoopback)
            ? ([.. Bound(addresses, uri.Port).Select(address => new Loopback(address, uri.Port))], null)
            : Refused($"{option} {text}: refusing to listen beyond this machine without TLS, since tokens would cross the "
                + "network in the clear. Use https://HOST:PORT with --tls-cert and --tls-key, or unix:PATH.");
    }

    // Files of hosts often leave one of them out.
    private static readonly IPAddress[] OfLocalhost = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    private static (ImmutableArray<ListenAddress>, string?) ParseTls(string text, Uri uri, string option)
    {
        try
        {
            var host = uri.IdnHost.Trim('[', ']');
            var addresses = IPAddress.TryParse(host, out var given) ? [Plain(given)]
                : LocalOf(host == "localhost" ? OfLocalhost
                    : Dns.GetHostAddresses(host).Select(Plain).Distinct().OrderBy(each => each.AddressFamily));
            return addresses.IsEmpty
                ? Refused($"{option} {text}: the name has no address.")
                : ([.. Bound(addresses, uri.Port).Select(address => new Tls(uri.Host, address, uri.Port))], null);
        }
        catch (SocketException exception)
        {
            return Refused($"{option} {text}: {exception.Message}. Use an address of this machine, such as 0.0.0.0.");
        }
    }

    private static (ImmutableArray<ListenAddress>, string?) ParseUnix(string path, string option)
    {
        if (path.Length == 0)
            return Refused($"{option} unix:: the path of the socket is missing.");
        var full = Path.GetFullPath(path);
        return System.Text.Encoding.UTF8.GetByteCount(full) <= UnixSocket.LongestPath
            ? ([new UnixSocket(full)], null)
            : Refused($"{option} unix:{full}: the path is longer than the {UnixSocket.LongestPath} bytes a Unix socket may have. "
                + "Use a shorter one.");
    }

    private static (ImmutableArray<ListenAddress>, string?) Refused(string why) => ([], why);

    // Names have addresses of version 6 on machines without it too. If none is of this machine, the bind tells why.
    private static ImmutableArray<IPAddress> LocalOf(IEnumerable<IPAddress> addresses)
    {
        ImmutableArray<IPAddress> all = [.. addresses];
        ImmutableArray<IPAddress> local =
            [.. all.Where(address => Sockets.WhyNotBound(new Loopback(address, 0)) is null)];
        return local.IsEmpty ? all : local;
    }

    private static IEnumerable<IPAddress> Bound(ImmutableArray<IPAddress> addresses, int port) =>
        port == 0 ? addresses.Take(1) : addresses;

    // A socket of version 6 cannot be bound to an address of version 4 in its clothes.
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
