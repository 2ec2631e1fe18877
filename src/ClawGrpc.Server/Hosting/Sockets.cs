using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ClawGrpc.Gateway.Stores;

namespace ClawGrpc.Server.Hosting;

/// <summary>Unix sockets as files: who may open them, and what a crash leaves behind.</summary>
internal static partial class Sockets
{
    private const int OwnerOnly = 0x3F; // 0077

    /// <summary>
    /// From now on, whatever this process creates is its owner's alone: there is no moment in which a socket is open to
    /// others.
    /// </summary>
    public static void CreateForOwnerOnly() => _ = Umask(OwnerOnly);

    /// <summary>Removes a socket without a listener. False if it has one or is no socket.</summary>
    public static bool TryRemoveStale(string path)
    {
        if (!Path.Exists(path))
            return true;

        // A connect to a file that is no socket is refused in the same way as one to a socket without a listener.
        if (!Posix.IsSocket(path))
            return false;
        try
        {
            using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return false;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Why no socket can be bound to an address; null if one can. It is left as it was.</summary>
    public static SocketException? WhyNotBound(ListenAddress address)
    {
        try
        {
            using var probe = address is ListenAddress.Tcp { Address: var ip }
                ? new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            switch (address)
            {
                case ListenAddress.Tcp tcp:
                    probe.Bind(new IPEndPoint(tcp.Address, tcp.Port));
                    break;
                case ListenAddress.UnixSocket unix:
                    probe.Bind(new UnixDomainSocketEndPoint(unix.Path));
                    File.Delete(unix.Path);
                    break;
            }

            return null;
        }
        catch (SocketException exception)
        {
            return exception;
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial int Umask(int mask);
}
