using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace ClawGrpc.Core.StateFiles;

/// <summary>
/// Reads JSON exactly as <c>JSON.parse</c> does, half surrogates included; of repeated members, the last value counts in the
/// place of the first. Written by hand: <c>Utf8JsonReader</c> refuses half surrogates, counts in bytes, and quotes the text,
/// which holds secrets, in its reasons.
/// </summary>
internal sealed class JsonTreeParser
{
    private const int MaxDepth = 128;
    private readonly string _text;
    private int _at;
    private int _depth;
    private StoreSyntaxError? _error;

    private JsonTreeParser(string text) => _text = text;

    /// <summary>The value of the whole text, or the error and no value.</summary>
    public static JsonTree? Parse(string text, out StoreSyntaxError? error)
    {
        var parser = new JsonTreeParser(text);
        var value = parser.Whole();
        error = parser._error;
        return error is null ? value : null;
    }

    private JsonTree? Whole()
    {
        if (_text.StartsWith('\uFEFF'))
            _at = 1;
        SkipSpace();
        if (_at == _text.Length)
            return Fail("it is empty");
        var value = Value();
        SkipSpace();
        return value is not null && _at < _text.Length ? Fail("something follows the end of the value") : value;
    }

    private JsonTree? Value()
    {
        SkipSpace();
        switch (Peek())
        {
            case '{':
                return Nested(Object);
            case '[':
                return Nested(Array);
            case '"':
                var at = _at;
                return Text() is { } text ? new JsonString(at, text) : null;
            case '-' or (>= '0' and <= '9'):
                return Number();
            default:
                foreach (var word in (ReadOnlySpan<string>)["true", "false", "null"])
                {
                    if (!_text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
                        continue;
                    _at += word.Length;
                    return new JsonWord(_at - word.Length, word);
                }

                return Fail(_at == _text.Length ? "it ends in the middle" : "a value was expected");
        }
    }

    private JsonTree? Nested(Func<JsonTree?> value)
    {
        if (_depth == MaxDepth)
            return Fail("it is nested too deeply");
        _depth++;
        var result = value();
        _depth--;
        return result;
    }

    private JsonObject? Object()
    {
        var start = _at++;
        var members = new OrderedDictionary<string, JsonTree>(StringComparer.Ordinal);
        SkipSpace();
        if (Take('}'))
            return JsonObject.Empty with { Offset = start };
        do
        {
            SkipSpace();
            if (Peek() != '"')
                return Fail<JsonObject>("a member's name in double quotes was expected");
            if (Text() is not { } name)
                return null;
            SkipSpace();
            if (!Take(':'))
                return Fail<JsonObject>("a colon was expected");
            if (Value() is not { } value)
                return null;
            members[name] = value;
            SkipSpace();
        }
        while (Take(','));
        return Take('}') ? new JsonObject(start, [.. members]) : Fail<JsonObject>("a comma or a closing brace was expected");
    }

    private JsonArray? Array()
    {
        var start = _at++;
        SkipSpace();
        if (Take(']'))
            return new JsonArray(start, []);
        var items = ImmutableArray.CreateBuilder<JsonTree>();
        do
        {
            if (Value() is not { } value)
                return null;
            items.Add(value);
            SkipSpace();
        }
        while (Take(','));
        return Take(']')
            ? new JsonArray(start, items.ToImmutable())
            : Fail<JsonArray>("a comma or a closing bracket was expected");
    }

    private string? Text()
    {
        var start = _at++;
        var text = new StringBuilder();
        while (_at < _text.Length)
        {
            var character = _text[_at];
            if (character < ' ')
                return Fail<string>("a control character or line break stands in a string");
            _at++;
            if (character == '"')
                return text.ToString();
            if (character != '\\')
                text.Append(character);
            else if (Escape() is { } escaped)
                text.Append(escaped);
            else
                return Fail<string>("a backslash begins no escape sequence");
        }

        _at = start;
        return Fail<string>("a string does not end");
    }

    private char? Escape()
    {
        switch (Peek())
        {
            case 'u' when _at + 5 <= _text.Length
                && ushort.TryParse(
                _text.AsSpan(_at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                _at += 5;
                return (char)unit;
            case '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't':
                var name = _text[_at++];
                return "\"\\/\b\f\n\r\t"["\"\\/bfnrt".IndexOf(name, StringComparison.Ordinal)];
            default:
                return null;
        }
    }

    private JsonNumber? Number()
    {
        var start = _at;
        Take('-');
        var isNumber = Take('0') || Digits();
        if (isNumber && Take('.'))
            isNumber = Digits();
        if (isNumber && (Take('e') || Take('E')))
        {
            _ = Take('+') || Take('-');
            isNumber = Digits();
        }

        if (!isNumber)
            return Fail<JsonNumber>("a digit was expected");
        var source = _text[start.._at];
        return new JsonNumber(start, JsonTreeText.NumberOf(source, out var value), value);
    }

    private bool Digits()
    {
        var start = _at;
        while (char.IsAsciiDigit(Peek()))
            _at++;
        return _at > start;
    }

    private void SkipSpace()
    {
        while (Peek() is ' ' or '\t' or '\n' or '\r')
            _at++;
    }

    private char Peek() => _at < _text.Length ? _text[_at] : '\0';

    private bool Take(char expected)
    {
        if (Peek() != expected)
            return false;
        _at++;
        return true;
    }

    private JsonTree? Fail(string reason) => Fail<JsonTree>(reason);

    private T? Fail<T>(string reason)
        where T : class
    {
        _error ??= StoreSyntaxError.At(_text, _at, reason);
        return null;
    }
}
