using System.Buffers;
using ClawGrpc.Core.Anthropic;
using ClawGrpc.V1;
using Google.Protobuf;

namespace ClawGrpc.Server.Grpc.Mapping;

/// <summary>
/// The members of a JSON object that is being mapped: typed fields take theirs out, what is left becomes <c>extra_json</c>.
/// </summary>
/// <remarks>
/// A taken member leaves only when the typed field says exactly what it says; then nothing is lost and nothing made up.
/// </remarks>
internal sealed class BlockMembers
{
    private readonly List<(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value)> _left;

    /// <param name="json">One valid JSON object; anything else has no members.</param>
    /// <param name="about">How many members it has; more are possible.</param>
    public BlockMembers(ReadOnlyMemory<byte> json, int about = 4)
    {
        _left = new(about);
        foreach (var member in new JsonMembers(json))
        {
            HasTwins |= Find(member.Name.Span) >= 0;
            _left.Add(member);
        }
    }

    /// <summary>Whether a name is there twice: what it means then, only the JSON can say.</summary>
    public bool HasTwins { get; }

    /// <summary>Takes a text. Null: there is none, or no string that a message can hold.</summary>
    public string? Text(ReadOnlySpan<byte> name)
    {
        var at = Find(name);
        if (at < 0 || !_left[at].Value.Span.StartsWith("\""u8) || !JsonText.TryDecode(_left[at].Value.Span[1..^1], out var text))
            return null;
        _left.RemoveAt(at);
        return text;
    }

    /// <summary>Takes a text for people to read: half a surrogate pair becomes U+FFFD. Null if there is none.</summary>
    public string? Prose(ReadOnlySpan<byte> name) =>
        Find(name) is >= 0 and var at && _left[at].Value.Span.StartsWith("\""u8)
            ? JsonText.Decode(Value(name).Span[1..^1])
            : null;

    /// <summary>Takes a text that is not empty; an empty one stays, since an empty field means that there is none.</summary>
    public string TextOrEmpty(ReadOnlySpan<byte> name) => Is(name, "\"\""u8) ? "" : Text(name) ?? "";

    /// <summary>Takes a member of any kind. Empty: there is none.</summary>
    public ReadOnlyMemory<byte> Value(ReadOnlySpan<byte> name)
    {
        var at = Find(name);
        if (at < 0)
            return default;
        var value = _left[at].Value;
        _left.RemoveAt(at);
        return value;
    }

    /// <summary>Takes the member if it is this JSON, byte for byte.</summary>
    public bool Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json) => Is(name, json) && !Value(name).IsEmpty;

    /// <summary>Takes a breakpoint, unless it says more than a message can.</summary>
    public CacheControl? CacheControl()
    {
        var at = Find("cache_control"u8);
        if (at < 0 || !_left[at].Value.Span.StartsWith("{"u8))
            return null;
        var members = new BlockMembers(_left[at].Value);
        if (members.HasTwins || members.Text("type"u8) != "ephemeral")
            return null;
        var control = new CacheControl { Ttl = members.TextOrEmpty("ttl"u8) };
        if (!members.IsEmpty)
            return null;
        _left.RemoveAt(at);
        return control;
    }

    /// <summary>Whether all is taken.</summary>
    public bool IsEmpty => _left.Count == 0;

    /// <summary>What is left, as a JSON object with the values as they came; empty: nothing is.</summary>
    public ByteString Extra()
    {
        if (IsEmpty)
            return ByteString.Empty;
        var json = new ArrayBufferWriter<byte>(64);
        json.Write("{"u8);
        foreach (var (name, value) in _left)
        {
            json.Write(json.WrittenCount > 1 ? ",\""u8 : "\""u8);
            json.Write(name.Span);
            json.Write("\":"u8);
            json.Write(value.Span);
        }

        json.Write("}"u8);
        return UnsafeByteOperations.UnsafeWrap(json.WrittenMemory);
    }

    private bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json) =>
        Find(name) is var at && at >= 0 && _left[at].Value.Span.SequenceEqual(json);

    private int Find(ReadOnlySpan<byte> name)
    {
        for (var at = 0; at < _left.Count; at++)
        {
            if (_left[at].Name.Span.SequenceEqual(name))
                return at;
        }

        return -1;
    }
}
