using System.Globalization;
using System.Numerics;

namespace ClawGrpc.Json5;

/// <summary>Numbers and the words null, true and false.</summary>
internal sealed partial class Json5Scanner
{
    // 2^1024 has 257 hexadecimal digits, and nothing as large is a finite double.
    private const int FiniteHexDigits = 256;

    /// <summary>Goes past a word, letter by letter.</summary>
    /// <exception cref="Json5Exception">Another character stands where one of its letters should.</exception>
    public void ReadWord(string word)
    {
        foreach (var letter in word)
        {
            if (!TrySkip(letter))
                throw Invalid();
        }
    }

    /// <summary>The number that begins here, with its sign.</summary>
    /// <exception cref="Json5Exception">No number is written like this.</exception>
    public double ReadNumber()
    {
        var negative = Peek() == '-';
        if (Peek() is '-' or '+')
            Skip();

        var magnitude = Peek() switch
        {
            'I' => ReadNamed("Infinity", double.PositiveInfinity),
            'N' => ReadNamed("NaN", double.NaN),
            '0' => ReadAfterZero(),
            '.' or (>= '1' and <= '9') => ReadDecimal(Offset),
            _ => throw Invalid(),
        };
        return negative ? -magnitude : magnitude;
    }

    private static bool IsDigit(int code) => code is >= '0' and <= '9';

    private static bool IsHexDigit(int code) => IsDigit(code) || code is (>= 'a' and <= 'f') or (>= 'A' and <= 'F');

    private double ReadNamed(string word, double value)
    {
        ReadWord(word);
        return value;
    }

    private double ReadAfterZero()
    {
        var start = Offset;
        Skip();
        if (TrySkip('x') || TrySkip('X'))
            return ReadHexadecimal();

        // A digit after a leading zero is an error at that digit: JSON5 has no octal numbers.
        return Peek() is '.' or 'e' or 'E' ? ReadDecimal(start) : 0;
    }

    private double ReadDecimal(int start)
    {
        var digits = SkipDigits() || Offset > start;
        if (TrySkip('.') && !SkipDigits() && !digits)
            throw Invalid();

        if (TrySkip('e') || TrySkip('E'))
        {
            _ = TrySkip('+') || TrySkip('-');
            if (!SkipDigits())
                throw Invalid();
        }

        return double.Parse(_text.AsSpan(start, Offset - start), NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private double ReadHexadecimal()
    {
        var start = Offset;
        while (IsHexDigit(Peek()))
            Skip();

        if (Offset == start)
            throw Invalid();

        var digits = _text.AsSpan(start, Offset - start).TrimStart('0');
        if (digits.Length > FiniteHexDigits)
            return double.PositiveInfinity;

        // Converts through decimal digits, which rounds to the nearest double; the direct conversion truncates.
        var exact = BigInteger.Parse($"0{digits}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return double.Parse(exact.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private bool SkipDigits()
    {
        var start = Offset;
        while (IsDigit(Peek()))
            Skip();

        return Offset > start;
    }
}
