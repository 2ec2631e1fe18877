using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ClawGrpc.Gateway.Stores;

/// <summary>Which profile last served a session.</summary>
/// <param name="Session">A hash of the agent and the session's id, which may say who uses it.</param>
/// <param name="ProfileId">The profile.</param>
internal sealed record SessionPin(UInt128 Session, string ProfileId)
{
    private const int Bytes = 16;
    private const int MostOnStack = 512;

    /// <summary>The hash of a session.</summary>
    public static UInt128 HashOf(string agentId, string sessionId)
    {
        var most = Encoding.UTF8.GetMaxByteCount(agentId.Length + 1 + sessionId.Length);
        var text = most <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[most];
        var written = Encoding.UTF8.GetBytes(agentId, text);
        text[written++] = 0;
        written += Encoding.UTF8.GetBytes(sessionId, text[written..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..written], hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>From <see cref="ToBytes"/>.</summary>
    public static SessionPin Of(byte[] session, string profileId) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(session), profileId);

    /// <summary>The hash.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Session);
        return bytes;
    }
}
