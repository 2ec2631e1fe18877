using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>Reads one event in one pass over its bytes; the members may come in any order.</summary>
internal ref struct StreamEventParser
{
    private readonly ReadOnlyMemory<byte> _data;
    private Utf8JsonReader _reader;
    private ReadOnlyMemory<byte> _type, _message, _block, _delta, _error, _usage;
    private bool _typed;
    private int _members;
    private int _index = -1;

    private DeltaKind _deltaKind;
    private DeltaKind _textKind;
    private ReadOnlyMemory<byte> _text;
    private bool _deltaOthers;

    private StreamEventParser(ReadOnlyMemory<byte> data)
    {
        _data = data;
        _reader = new Utf8JsonReader(data.Span, JsonText.Options);
    }

    public static StreamEvent Parse(ReadOnlyMemory<byte> data, ReadOnlySpan<byte> name)
    {
        if (PlainDelta.TryParse(data, out var delta))
            return delta;
        try
        {
            var parser = new StreamEventParser(data);
            parser.ReadMembers();
            return parser.ToEvent(name);
        }
        catch (JsonException) when (name.SequenceEqual("error"u8))
        {
            // Edge layers answer in plain text (anthropic-api.md, section 4); only the event name marks the error.
            return new StreamEvent(data) { Kind = StreamEventKind.Error, Index = -1 };
        }
        catch (JsonException exception)
        {
            throw new MalformedAnswerException(
                $"an event is not a JSON object (at its byte {exception.BytePositionInLine ?? 0})");
        }
    }

    private void ReadMembers()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException(null, null, 0, 0);
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadMember();
            _members++;
        }

        // Reads to the end, so that text after the object is an error.
        _reader.Read();
    }

    private void ReadMember()
    {
        if (_reader.Is("type"u8))
        {
            _type = Value();
            _typed = _reader.TokenType == JsonTokenType.String;
            _type = _typed ? Unquoted(_type) : default;
        }
        else if (_reader.Is("index"u8))
        {
            ReadIndex();
        }
        else if (_reader.Is("delta"u8))
        {
            ReadDelta();
        }
        else if (_reader.Is("content_block"u8))
        {
            _block = Value();
        }
        else if (_reader.Is("message"u8))
        {
            _message = Value();
        }
        else if (_reader.Is("usage"u8))
        {
            _usage = Value();
        }
        else if (_reader.Is("error"u8))
        {
            _error = Value();
        }
        else
        {
            Value();
        }
    }

    private void ReadIndex()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetInt32(out _index)
            || _index is < 0 or > StreamEvent.MaxIndex)
        {
            throw new MalformedAnswerException("an event's index is not a whole number in range");
        }
    }

    private void ReadDelta()
    {
        _reader.Read();
        var start = (int)_reader.TokenStartIndex;
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            _reader.Skip();
            _deltaOthers = true;
            return;
        }

        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            ReadDeltaMember();
        _delta = _data[start..(int)_reader.BytesConsumed];
    }

    private void ReadDeltaMember()
    {
        if (_reader.Is("type"u8))
        {
            _reader.Read();
            _deltaKind = _reader.TokenType == JsonTokenType.String ? KindOfDelta() : DeltaKind.Other;
            _reader.Skip();
            return;
        }

        var kind = KindOfText();
        var value = Value();
        if (kind == DeltaKind.Other || _textKind != DeltaKind.Other || _reader.TokenType != JsonTokenType.String)
        {
            _deltaOthers = true;
            return;
        }

        _textKind = kind;
        _text = Unquoted(value);
    }

    private readonly DeltaKind KindOfDelta() =>
        _reader.Is("text_delta"u8) ? DeltaKind.Text
        : _reader.Is("input_json_delta"u8) ? DeltaKind.InputJson
        : _reader.Is("thinking_delta"u8) ? DeltaKind.Thinking
        : _reader.Is("signature_delta"u8) ? DeltaKind.Signature
        : _reader.Is("citations_delta"u8) ? DeltaKind.Citations
        : _reader.Is("compaction_delta"u8) ? DeltaKind.Compaction
        : DeltaKind.Other;

    private readonly DeltaKind KindOfText() =>
        _reader.Is("text"u8) ? DeltaKind.Text
        : _reader.Is("partial_json"u8) ? DeltaKind.InputJson
        : _reader.Is("thinking"u8) ? DeltaKind.Thinking
        : _reader.Is("signature"u8) ? DeltaKind.Signature
        : DeltaKind.Other;

    /// <summary>The whole value after a name; leaves the reader at its last token.</summary>
    private ReadOnlyMemory<byte> Value()
    {
        _reader.Read();
        var start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        return _data[start..(int)_reader.BytesConsumed];
    }

    private static ReadOnlyMemory<byte> Unquoted(ReadOnlyMemory<byte> text) => text[1..^1];

    private StreamEvent ToEvent(ReadOnlySpan<byte> name)
    {
        var kind = KindOf(_typed ? _type.Span : name);
        var part = Objects(kind switch
        {
            StreamEventKind.MessageStart => _message,
            StreamEventKind.BlockStart => _block,
            StreamEventKind.BlockDelta or StreamEventKind.MessageDelta => _delta,
            StreamEventKind.Error => _error,
            _ => default,
        });
        var isDelta = kind == StreamEventKind.BlockDelta;
        var hasText = isDelta && _textKind != DeltaKind.Other && _textKind == _deltaKind;
        return new StreamEvent(_data)
        {
            Kind = kind,
            Index = _index,
            Delta = isDelta ? _deltaKind : DeltaKind.Other,
            Part = part,
            Usage = Objects(_usage),
            Text = hasText ? _text : default,
            UnknownType = kind != StreamEventKind.Unknown ? default : _typed ? _type : name.ToArray(),
            IsPlain = IsPlain(kind, part) && (!isDelta || hasText && !_deltaOthers),
        };
    }

    // Exactly the members of its kind, each once.
    private readonly bool IsPlain(StreamEventKind kind, ReadOnlyMemory<byte> part)
    {
        var isOfBlock = kind is StreamEventKind.BlockStart or StreamEventKind.BlockDelta or StreamEventKind.BlockStop;
        var isBare = kind is StreamEventKind.BlockStop or StreamEventKind.MessageStop or StreamEventKind.Ping;
        var hasUsage = kind == StreamEventKind.MessageDelta && !_usage.IsEmpty;
        return kind != StreamEventKind.Unknown && (isBare || !part.IsEmpty) && (!isOfBlock || _index >= 0)
            && _members == (_typed ? 1 : 0) + (isBare ? 0 : 1) + (isOfBlock ? 1 : 0) + (hasUsage ? 1 : 0);
    }

    private static ReadOnlyMemory<byte> Objects(ReadOnlyMemory<byte> value) => value.Span.StartsWith("{"u8) ? value : default;

    private static StreamEventKind KindOf(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("content_block_delta"u8) ? StreamEventKind.BlockDelta
        : type.SequenceEqual("ping"u8) ? StreamEventKind.Ping
        : type.SequenceEqual("content_block_start"u8) ? StreamEventKind.BlockStart
        : type.SequenceEqual("content_block_stop"u8) ? StreamEventKind.BlockStop
        : type.SequenceEqual("message_start"u8) ? StreamEventKind.MessageStart
        : type.SequenceEqual("message_delta"u8) ? StreamEventKind.MessageDelta
        : type.SequenceEqual("message_stop"u8) ? StreamEventKind.MessageStop
        : type.SequenceEqual("error"u8) ? StreamEventKind.Error
        : StreamEventKind.Unknown;
}
