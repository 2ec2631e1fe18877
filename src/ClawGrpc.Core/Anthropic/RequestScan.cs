using System.Text.Json;

namespace ClawGrpc.Core.Anthropic;

/// <summary>Reads a Messages request once and notes its outline and everything that is wrong with it.</summary>
internal ref struct RequestScan
{
    /// <summary>More members than this at the top are refused: upstream knows some thirty.</summary>
    public const int MaxMembers = 256;

    private readonly bool _withoutSampling;
    private readonly RequestOutline _outline = new();
    private readonly List<FieldError> _errors;
    private Utf8JsonReader _reader;
    private bool _hasTooMany;

    public RequestScan(ReadOnlySpan<byte> json, string version, List<FieldError> errors)
    {
        _withoutSampling = AnthropicVersion.IsWithoutSampling(version);
        _errors = errors;
        _reader = new Utf8JsonReader(json, JsonText.Options);
    }

    /// <summary>Reads the request; null if it has errors.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public RequestOutline? Read()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            _reader.Skip();
            _reader.Read();
            _errors.Add(new FieldError("", "must be a JSON object"));
            return null;
        }

        _outline.Start = (int)_reader.TokenStartIndex;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            ReadMember();
        _outline.End = (int)_reader.TokenStartIndex;
        _reader.Read();
        if (_outline.Find("messages") is null)
            _errors.Add(new FieldError("messages", "is required"));
        _outline.Own.Sort((one, other) => (one.Section, one.End).CompareTo((other.Section, other.End)));
        return _errors.Count == 0 ? _outline : null;
    }

    private void ReadMember()
    {
        var start = (int)_reader.TokenStartIndex;
        var name = JsonText.Decode(_reader.ValueSpan);
        if (_outline.Members.Count == MaxMembers)
        {
            if (!_hasTooMany)
                _errors.Add(new FieldError("", $"has more than {MaxMembers} members"));
            _hasTooMany = true;
            _reader.Skip();
            return;
        }

        if (_outline.Find(name) is not null)
            _errors.Add(new FieldError(name, "is there twice"));
        _reader.Read();
        var value = (int)_reader.TokenStartIndex;
        ReadValue(name);
        _outline.Members.Add(new RequestMember(name, start, value, (int)_reader.BytesConsumed));
    }

    private void ReadValue(string name)
    {
        switch (name)
        {
            case "messages":
                ReadMessages();
                break;
            case "system":
                new BlockScan(_outline, _errors, _withoutSampling).ReadSystem(ref _reader);
                break;
            case "tools":
                new BlockScan(_outline, _errors, _withoutSampling).ReadTools(ref _reader);
                break;
            case "cache_control" when _reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.Null):
                _errors.Add(new FieldError(name, BlockScan.NoBreakpoint));
                _reader.Skip();
                break;
            case "cache_control":
                _outline.Automatic = BlockScan.ReadTtl(ref _reader);
                break;
            case "model" when _reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null):
                _errors.Add(new FieldError(name, "must be a string"));
                _reader.Skip();
                break;
            case "max_tokens" when _reader.TokenType is not (JsonTokenType.Number or JsonTokenType.Null):
                _errors.Add(new FieldError(name, "must be a number"));
                _reader.Skip();
                break;
            case "temperature" or "top_p" or "top_k" when _withoutSampling:
                _errors.Add(new FieldError(
                    name,
                    $"is not taken by anthropic-version {AnthropicVersion.WithoutSampling}; "
                        + $"leave it out or use {AnthropicVersion.Default}"));
                _reader.Skip();
                break;
            default:
                _reader.Skip();
                break;
        }
    }

    private void ReadMessages()
    {
        if (_reader.TokenType != JsonTokenType.StartArray)
        {
            _errors.Add(new FieldError("messages", "must be an array of messages"));
            _reader.Skip();
            return;
        }

        var index = 0;
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (_reader.TokenType == JsonTokenType.StartObject)
                new BlockScan(_outline, _errors, _withoutSampling).ReadMessage(ref _reader, index);
            else
                _reader.Skip();
            index++;
        }

        if (index == 0)
            _errors.Add(new FieldError("messages", "must have at least one message"));
    }
}
