using System.Collections.Immutable;

namespace ClawGrpc.Json5;

/// <summary>
/// Builds the values of a text. Accepts and refuses exactly what the reference implementation does, but for the depth.
/// </summary>
internal sealed class Json5Reader(Json5Source source)
{
    private readonly Json5Scanner _scanner = new(source, 0);

    /// <summary>The one value of the text.</summary>
    /// <exception cref="Json5Exception">
    /// The text is not JSON5, or is nested deeper than <see cref="Json5Document.MaxDepth"/>.
    /// </exception>
    public Json5Value ReadDocument()
    {
        _scanner.SkipBlank();
        var value = ReadValue(0);
        _scanner.SkipBlank();
        return _scanner.Peek() == Json5Scanner.End ? value : throw _scanner.Invalid();
    }

    private Json5Value ReadValue(int depth)
    {
        var start = _scanner.Offset;
        switch (_scanner.Peek())
        {
            case '{' or '[' when depth == Json5Document.MaxDepth:
                throw Json5Exception.TooDeepAt(source, start);
            case '{':
                var members = ReadMembers(depth + 1);
                return new Json5Object(source, From(start), members);
            case '[':
                var items = ReadItems(depth + 1);
                return new Json5Array(source, From(start), items);
            case '"' or '\'':
                var text = _scanner.ReadString();
                return new Json5String(source, From(start), text);
            case 'n':
                _scanner.ReadWord("null");
                return new Json5Null(source, From(start));
            case 't':
                _scanner.ReadWord("true");
                return new Json5Boolean(source, From(start), true);
            case 'f':
                _scanner.ReadWord("false");
                return new Json5Boolean(source, From(start), false);
            default:
                var number = _scanner.ReadNumber();
                return new Json5Number(source, From(start), number);
        }
    }

    private ImmutableArray<Json5Member> ReadMembers(int depth)
    {
        var members = ImmutableArray.CreateBuilder<Json5Member>();
        _scanner.Skip();
        _scanner.SkipBlank();
        while (!_scanner.TrySkip('}'))
        {
            members.Add(ReadMember(depth));
            SkipSeparator('}');
        }

        return members.DrainToImmutable();
    }

    private Json5Member ReadMember(int depth)
    {
        var start = _scanner.Offset;
        var key = _scanner.Peek() is '"' or '\'' ? _scanner.ReadString() : _scanner.ReadIdentifier();
        var span = From(start);
        _scanner.SkipBlank();
        if (!_scanner.TrySkip(':'))
            throw _scanner.Invalid();

        _scanner.SkipBlank();
        return new Json5Member(key, span, ReadValue(depth));
    }

    private ImmutableArray<Json5Value> ReadItems(int depth)
    {
        var items = ImmutableArray.CreateBuilder<Json5Value>();
        _scanner.Skip();
        _scanner.SkipBlank();
        while (!_scanner.TrySkip(']'))
        {
            items.Add(ReadValue(depth));
            SkipSeparator(']');
        }

        return items.DrainToImmutable();
    }

    /// <summary>After an element comes a comma or the end, which is left for the caller to see.</summary>
    private void SkipSeparator(char close)
    {
        _scanner.SkipBlank();
        if (_scanner.Peek() == close)
            return;

        if (!_scanner.TrySkip(','))
            throw _scanner.Invalid();

        _scanner.SkipBlank();
    }

    private Json5Span From(int start) => new(start, _scanner.Offset);
}
