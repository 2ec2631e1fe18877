using System.Buffers.Binary;
using System.Text;

namespace ClawGrpc.Core.Sealing;

/// <summary>
/// What a sealed secret is bound to. One that is read in another place, or with another label, does not open.
/// </summary>
/// <param name="AgentId">The agent that owns the profile.</param>
/// <param name="ProfileId">The profile.</param>
/// <param name="Kind">Which secret of the profile: the name of its member, such as <c>key</c> or <c>refresh</c>.</param>
/// <param name="Origin">The upstream that the profile belongs to; empty if it belongs to none.</param>
/// <param name="Generation">The number of the secret's version, from 1.</param>
internal sealed record SealLabel(string AgentId, string ProfileId, string Kind, string Origin, long Generation)
{
    private const string Format = "clawgrpc/1";

    /// <summary>
    /// The label as authenticated data: each part with its length before it, so that no two labels are the same bytes.
    /// </summary>
    /// <param name="keyId">
    /// The key that wraps; empty for the text itself, whose bytes stay as they are when another key wraps its key.
    /// </param>
    public byte[] ToBytes(string keyId)
    {
        string[] texts = [Format, AgentId, ProfileId, Kind, Origin];
        var length = texts.Append(keyId).Sum(text => sizeof(int) + Encoding.UTF8.GetByteCount(text)) + sizeof(int) + sizeof(long);
        var bytes = new byte[length];
        var at = 0;
        foreach (var text in texts)
            Put(text);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at + sizeof(int)), Generation);
        at += sizeof(int) + sizeof(long);
        Put(keyId);
        return bytes;

        void Put(string text)
        {
            var written = Encoding.UTF8.GetBytes(text, bytes.AsSpan(at + sizeof(int)));
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), written);
            at += sizeof(int) + written;
        }
    }
}
