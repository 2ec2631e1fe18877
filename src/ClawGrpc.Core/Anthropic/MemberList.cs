using System.Buffers;

namespace ClawGrpc.Core.Anthropic;

/// <summary>
/// A JSON object built from its first version and later changes of its members. Unchanged members stay byte for byte and in
/// place; new members are added at the end.
/// </summary>
/// <param name="first">The first version: one valid JSON object. It is kept, so it must be the caller's own copy.</param>
internal sealed class MemberList(ReadOnlyMemory<byte> first)
{
    private readonly List<Member> _said = [];

    /// <summary>How many bytes the object has at most as it is now.</summary>
    public int MostBytes => first.Length + _said.Sum(static member => member.MostBytes);

    /// <summary>The member is this value from now on.</summary>
    /// <param name="name">The name with escapes, without quotes; kept, like the value.</param>
    /// <param name="value">One valid JSON value.</param>
    public void Replace(ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> value)
    {
        var member = Find(name.Span) ?? Add(name);
        (member.Value, member.Pieces, member.Goes) = (value, null, Goes.Instead);
    }

    /// <summary>The member's text goes on; a member that was no text begins with it.</summary>
    /// <param name="name">The name with escapes, without quotes.</param>
    /// <param name="text">The text with escapes, without quotes.</param>
    public void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        Continued(name, Goes.BehindText).Write(text);
    }

    /// <summary>The member's array has one more item; a member that was no array begins with it.</summary>
    public void AppendItem(ReadOnlySpan<byte> name, ReadOnlySpan<byte> item)
    {
        var items = Continued(name, Goes.BehindItems);
        if (items.WrittenCount > 0)
            items.Write(","u8);
        items.Write(item);
    }

    /// <summary>
    /// Merges a later version (anthropic-api.md, section 3.1, rule 1): its members replace older ones, null changes nothing.
    /// </summary>
    /// <param name="later">One valid JSON object; kept.</param>
    public void Merge(ReadOnlyMemory<byte> later)
    {
        foreach (var (name, value) in new JsonMembers(later))
        {
            if (!value.Span.SequenceEqual("null"u8))
                Replace(name, value);
        }
    }

    /// <summary>The object as it is now.</summary>
    public void WriteTo(ArrayBufferWriter<byte> json)
    {
        var start = json.WrittenCount;
        json.Write("{"u8);
        foreach (var member in _said)
            member.IsWritten = false;
        foreach (var (name, value) in new JsonMembers(first))
        {
            if (Find(name.Span) is not { } member)
            {
                WriteMember(json, start, name.Span, value.Span);
                continue;
            }

            member.WriteTo(json, start, value.Span);
            member.IsWritten = true;
        }

        foreach (var member in _said)
        {
            if (!member.IsWritten)
                member.WriteTo(json, start, default);
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

    private Member? Find(ReadOnlySpan<byte> name)
    {
        foreach (var member in _said)
        {
            if (member.Name.Span.SequenceEqual(name))
                return member;
        }

        return null;
    }

    private ArrayBufferWriter<byte> Continued(ReadOnlySpan<byte> name, Goes goes)
    {
        var member = Find(name) ?? Add(name.ToArray());
        if (member.Goes != goes && !(member.Value.IsEmpty && member.Pieces is null or { WrittenCount: 0 }))
            throw new MalformedAnswerException("a block's member is first replaced and then continued");
        member.Goes = goes;
        return member.Pieces ??= new ArrayBufferWriter<byte>();
    }

    private Member Add(ReadOnlyMemory<byte> name)
    {
        var member = new Member(name);
        _said.Add(member);
        return member;
    }

    private enum Goes
    {
        Instead,
        BehindText,
        BehindItems,
    }

    private sealed class Member(ReadOnlyMemory<byte> name)
    {
        // Room for two quotes and a colon, two brackets, and a comma.
        private const int Around = 7;

        public ReadOnlyMemory<byte> Name => name;

        /// <summary>The replacement; empty to remove.</summary>
        public ReadOnlyMemory<byte> Value { get; set; }

        /// <summary>What is appended; null if nothing is.</summary>
        public ArrayBufferWriter<byte>? Pieces { get; set; }

        public Goes Goes { get; set; }

        public bool IsWritten { get; set; }

        public int MostBytes => name.Length + Value.Length + (Pieces?.WrittenCount ?? 0) + Around;

        public void WriteTo(ArrayBufferWriter<byte> json, int start, ReadOnlySpan<byte> before)
        {
            WriteName(json, start, name.Span);
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

            json.Write(Pieces is null ? Value.Span : Pieces.WrittenSpan);
            if (close != 0)
                json.Write([close]);
        }

        private void WriteInside(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> before)
        {
            var inside = before[1..^1];
            if (Goes == Goes.BehindItems)
                inside = inside.Trim(" \t\r\n"u8);
            json.Write(inside);
            if (Goes == Goes.BehindItems && inside.Length > 0 && Pieces is { WrittenCount: > 0 })
                json.Write(","u8);
        }
    }
}
