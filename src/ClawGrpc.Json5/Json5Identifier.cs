namespace ClawGrpc.Json5;

/// <summary>
/// Which characters may stand in an unquoted key. The tables are the reference implementation's, not the runtime's, so that
/// what is accepted does not change with the runtime's version of Unicode.
/// </summary>
internal static partial class Json5Identifier
{
    public static bool IsStart(int code) => code < 0x80
        ? char.IsAsciiLetter((char)code) || code is '$' or '_'
        : Inside(Starts, code);

    public static bool IsContinue(int code) => code < 0x80
        ? char.IsAsciiLetterOrDigit((char)code) || code is '$' or '_'
        : code is 0x200C or 0x200D || Inside(Starts, code) || Inside(Continues, code);

    /// <summary>Whether a key that we write may go without quotes: ASCII only, which is easy to read.</summary>
    public static bool IsPlain(string key) =>
        key.Length > 0 && key[0] < 0x80 && IsStart(key[0]) && key.All(character => character < 0x80 && IsContinue(character));

    private static bool Inside(ReadOnlySpan<int> boundaries, int code)
    {
        var at = boundaries.BinarySearch(code);
        var passed = at < 0 ? ~at : at + 1;
        return passed % 2 == 1;
    }
}
