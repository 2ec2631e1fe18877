using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ClawGrpc.Core.Access;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ClawGrpc.Server.Access;

/// <summary>
/// Who is at the other end of a Unix socket, as the kernel knew it when the connection was made. Read once for each connection.
/// </summary>
internal static class PeerCredentials
{
    private const int SocketLevel = 1;
    private const int Credentials = 17;
    private const int Groups = 59;
    private const int MostGroups = 65536;

    /// <summary>The middleware of connections. The proof is a feature of the connection, and so of its requests.</summary>
    public static ConnectionDelegate Read(ConnectionDelegate next) => connection =>
    {
        if (OperatingSystem.IsLinux() && connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            connection.Features.Set(Of(socket));
        return next(connection);
    };

    private static Proof.Peer Of(Socket socket)
    {
        Span<int> peer = stackalloc int[3];
        if (socket.GetRawSocketOption(SocketLevel, Credentials, MemoryMarshal.AsBytes(peer)) != 12)
            throw new SocketException((int)SocketError.NotSocket);
        return new Proof.Peer((uint)peer[1], [(uint)peer[2], .. GroupsOf(socket)], peer[0]);
    }

    private static ImmutableArray<uint> GroupsOf(Socket socket)
    {
        for (var count = 64; count <= MostGroups; count *= 4)
        {
            try
            {
                var groups = new uint[count];
                var length = socket.GetRawSocketOption(SocketLevel, Groups, MemoryMarshal.AsBytes(groups.AsSpan()));
                return [.. groups[..(length / sizeof(uint))]];
            }
            catch (SocketException)
            {
                // More groups than there was room for.
            }
        }

        return [];
    }
}
