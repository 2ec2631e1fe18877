using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>The members of a JSON object as slices of it: names without quotes, values whole.</summary>
/// <param name="json">One valid JSON object; anything else has no members.</param>
internal readonly struct JsonMembers(ReadOnlyMemory<byte> json)
{
    /// <summary>The members of an unstreamed answer; an answer that is JSON but not an object has none.</summary>
    /// <param name="body">Any bytes.</param>
    /// <exception cref="MalformedAnswerException">They are not JSON.</exception>
    public static JsonMembers OfAnswer(ReadOnlyMemory<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span, JsonText.Options);
            while (reader.Read())
            {
                // Reads to the end only to check that all of it is JSON.
            }
        }
        catch (JsonException exception)
        {
            throw new MalformedAnswerException(
                $"it is not JSON (at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine})");
        }

        return new JsonMembers(body.Span.TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? body : default);
    }

    /// <summary>The members of a body of any kind: HTML, text and nothing have none.</summary>
    /// <param name="body">Any bytes.</param>
    public static JsonMembers OfAny(ReadOnlyMemory<byte> body)
    {
        try
        {
            return OfAnswer(body);
        }
        catch (MalformedAnswerException)
        {
            return default;
        }
    }

    /// <summary>Whether there is no object to read members of.</summary>
    public bool IsEmpty => json.IsEmpty;

    /// <summary>For <c>foreach</c>.</summary>
    public Walk GetEnumerator() => new(json);

    /// <summary>The value of the member with this name, the last one if there are several; empty if there is none.</summary>
    /// <param name="member">The name with escapes, without quotes.</param>
    public ReadOnlyMemory<byte> Find(ReadOnlySpan<byte> member)
    {
        ReadOnlyMemory<byte> found = default;
        foreach (var (name, value) in this)
        {
            if (name.Span.SequenceEqual(member))
                found = value;
        }

        return found;
    }

    /// <summary>The way through the members.</summary>
    public ref struct Walk
    {
        private readonly ReadOnlyMemory<byte> _json;
        private Utf8JsonReader _reader;

        internal Walk(ReadOnlyMemory<byte> json)
        {
            _json = json;
            _reader = new Utf8JsonReader(json.Span, JsonText.Options);
            if (!json.IsEmpty)
                _reader.Read();
        }

        /// <summary>The member: its name between the quotes, and its whole value.</summary>
        public (ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value) Current { get; private set; }

        /// <summary>Goes on to the next member.</summary>
        public bool MoveNext()
        {
            if (_json.IsEmpty || !_reader.Read() || _reader.TokenType != JsonTokenType.PropertyName)
                return false;
            var name = _json.Slice((int)_reader.TokenStartIndex + 1, _reader.ValueSpan.Length);
            _reader.Read();
            var start = (int)_reader.TokenStartIndex;
            _reader.Skip();
            Current = (name, _json[start..(int)_reader.BytesConsumed]);
            return true;
        }
    }
}
