using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>The items of a JSON array, each as its own bytes.</summary>
/// <param name="json">One valid JSON array; anything else has no items.</param>
internal readonly struct JsonItems(ReadOnlyMemory<byte> json)
{
    /// <summary>For <c>foreach</c>.</summary>
    public Walk GetEnumerator() => new(json);

    /// <summary>The way through the items.</summary>
    public ref struct Walk
    {
        private readonly ReadOnlyMemory<byte> _json;
        private Utf8JsonReader _reader;

        internal Walk(ReadOnlyMemory<byte> json)
        {
            _json = json.Span.StartsWith("["u8) ? json : default;
            _reader = new Utf8JsonReader(_json.Span, JsonText.Options);
            if (!_json.IsEmpty)
                _reader.Read();
        }

        /// <summary>The item.</summary>
        public ReadOnlyMemory<byte> Current { get; private set; }

        /// <summary>Goes on to the next item.</summary>
        public bool MoveNext()
        {
            if (_json.IsEmpty || !_reader.Read() || _reader.TokenType == JsonTokenType.EndArray)
                return false;
            var start = (int)_reader.TokenStartIndex;
            _reader.Skip();
            Current = _json[start..(int)_reader.BytesConsumed];
            return true;
        }
    }
}
