using System.Buffers;

namespace ClawGrpc.Core.Messages;

/// <summary>
/// A JSON object in the making: a first version as it came, and what later events said of its members. What no event speaks of stays
/// byte for byte and in its place; members that are new go to the end.
/// </summary>
/// <param name="first">The first version: one valid JSON object. It is kept, so it must be the caller's own copy.</param>
internal sealed class MemberList(ReadOnlyMemory<byte> first)
{
    private readonly List<Member> _said = [];

    /// <summary>The member is this value from now on.</summary>
    public void Replace(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var member = Said(name);
        member.Value.ResetWrittenCount();
        member.Value.Write(value);
        member.Goes = Goes.Instead;
    }

    /// <summary>The member's text goes on; a member that was no text begins with it.</summary>
    /// <param name="name">The name, as it stands between its quotes.</param>
    /// <param name="text">The text, as it stands between its quotes.</param>
    public void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        var member = Said(name);
        if (member.Goes != Goes.BehindText && member.Value.WrittenCount > 0)
            throw new MalformedAnswerException("a block's member is first replaced and then continued");
        member.Value.Write(text);
        member.Goes = Goes.BehindText;
    }

    /// <summary>The member's array has one more item; a member that was no array begins with it.</summary>
    public void AppendItem(ReadOnlySpan<byte> name, ReadOnlySpan<byte> item)
    {
        var member = Said(name);
        if (member.Value.WrittenCount > 0)
            member.Value.Write(","u8);
        member.Value.Write(item);
        member.Goes = Goes.BehindItems;
    }

    /// <summary>Merges a later version (anthropic-api.md, section 3.1, rule 1): what it says replaces, null says nothing.</summary>
    /// <param name="later">One valid JSON object.</param>
    public void Merge(ReadOnlyMemory<byte> later)
    {
        foreach (var (name, value) in new JsonMembers(later))
        {
            if (!value.Span.SequenceEqual("null"u8))
                Replace(name.Span, value.Span);
        }
    }

    /// <summary>The object as it is now.</summary>
    public void WriteTo(ArrayBufferWriter<byte> json)
    {
        var start = json.WrittenCount;
        json.Write("{"u8);
        var written = new bool[_said.Count];
        foreach (var (name, value) in new JsonMembers(first))
        {
            var said = IndexOf(name.Span);
            if (said < 0)
            {
                WriteMember(json, start, name.Span, value.Span);
                continue;
            }

            _said[said].WriteTo(json, start, value.Span);
            written[said] = true;
        }

        for (var said = 0; said < written.Length; said++)
        {
            if (!written[said])
                _said[said].WriteTo(json, start, default);
        }

        json.Write("}"u8);
    }

    private static void WriteMember(ArrayBufferWriter<byte> json, int start, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        WriteName(json, start, name);
        json.Write(value);
    }

    private static void WriteName(ArrayBufferWriter<byte> json, int start, ReadOnlySpan<byte> name)
    {
        json.Write(json.WrittenCount > start + 1 ? ",\""u8 : "\""u8);
        json.Write(name);
        json.Write("\":"u8);
    }

    private Member Said(ReadOnlySpan<byte> name)
    {
        var at = IndexOf(name);
        if (at >= 0)
            return _said[at];
        _said.Add(new Member(name.ToArray()));
        return _said[^1];
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        for (var at = 0; at < _said.Count; at++)
        {
            if (_said[at].Name.AsSpan().SequenceEqual(name))
                return at;
        }

        return -1;
    }

    private enum Goes
    {
        Instead,
        BehindText,
        BehindItems,
    }

    private sealed class Member(byte[] name)
    {
        public byte[] Name { get; } = name;

        public ArrayBufferWriter<byte> Value { get; } = new(16);

        public Goes Goes { get; set; }

        public void WriteTo(ArrayBufferWriter<byte> json, int start, ReadOnlySpan<byte> before)
        {
            WriteName(json, start, Name);
            var (open, close) = Goes switch
            {
                Goes.BehindText => ((byte)'"', (byte)'"'),
                Goes.BehindItems => ((byte)'[', (byte)']'),
                _ => default,
            };
            if (open != 0)
            {
                json.Write([open]);
                if (before.Length > 2 && before[0] == open)
                    WriteInside(json, before);
            }

            json.Write(Value.WrittenSpan);
            if (close != 0)
                json.Write([close]);
        }

        private void WriteInside(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> before)
        {
            var inside = before[1..^1];
            if (Goes == Goes.BehindItems)
                inside = inside.Trim(" \t\r\n"u8);
            json.Write(inside);
            if (Goes == Goes.BehindItems && inside.Length > 0 && Value.WrittenCount > 0)
                json.Write(","u8);
        }
    }
}
