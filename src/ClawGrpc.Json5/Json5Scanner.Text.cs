using System.Globalization;
using System.Text;

namespace ClawGrpc.Json5;

/// <summary>Strings and unquoted keys, with their escapes.</summary>
internal sealed partial class Json5Scanner
{
    /// <summary>The string that begins here, quotes and escapes resolved.</summary>
    /// <exception cref="Json5Exception">It is not closed, breaks over lines, or has an escape that means nothing.</exception>
    public string ReadString()
    {
        var quote = Peek();
        Skip();
        var text = new StringBuilder();
        while (!TrySkip(quote))
        {
            // U+2028 and U+2029 end lines elsewhere, but the reference lets them stand in strings.
            if (Peek() is End or '\n' or '\r')
                throw Invalid();

            if (TrySkip('\\'))
                AppendEscaped(text);
            else
                AppendNext(text);
        }

        return text.ToString();
    }

    /// <summary>The unquoted key that begins here, escapes resolved.</summary>
    /// <exception cref="Json5Exception">A character, escaped or not, that no identifier has at its place.</exception>
    public string ReadIdentifier()
    {
        var text = new StringBuilder();
        while (true)
        {
            var allowed = text.Length == 0 ? (Func<int, bool>)Json5Identifier.IsStart : Json5Identifier.IsContinue;
            if (allowed(Peek()))
            {
                AppendNext(text);
            }
            else if (TrySkip('\\'))
            {
                var escape = Offset - 1;
                var character = TrySkip('u') ? ReadHex(4) : throw Invalid();
                text.Append(allowed(character) ? character : throw Json5Exception.InvalidIdentifierAt(source, escape));
            }
            else
            {
                return text.Length > 0 ? text.ToString() : throw Invalid();
            }
        }
    }

    private void AppendNext(StringBuilder text)
    {
        var start = Offset;
        Skip();
        text.Append(_text, start, Offset - start);
    }

    private void AppendEscaped(StringBuilder text)
    {
        if (Peek() is End or (>= '1' and <= '9'))
            throw Invalid();

        var start = Offset;
        Skip();
        switch (_text[start])
        {
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'n': text.Append('\n'); break;
            case 'r': text.Append('\r'); break;
            case 't': text.Append('\t'); break;
            case 'v': text.Append('\v'); break;
            case '0': text.Append(IsDigit(Peek()) ? throw Invalid() : '\0'); break;
            case 'x': text.Append(ReadHex(2)); break;
            case 'u': text.Append(ReadHex(4)); break;
            case '\r': TrySkip('\n'); break;
            case '\n' or '\u2028' or '\u2029': break;
            default: text.Append(_text, start, Offset - start); break;
        }
    }

    private char ReadHex(int digits)
    {
        var start = Offset;
        for (var read = 0; read < digits; read++)
        {
            if (!IsHexDigit(Peek()))
                throw Invalid();

            Skip();
        }

        return (char)int.Parse(_text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
