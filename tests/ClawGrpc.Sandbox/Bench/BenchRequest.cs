using System.Buffers.Text;
using System.Text;

namespace ClawGrpc.Testing;

/// <summary>
/// What a request under <c>--bench</c> wants, as <c>bench:EVENTS:RATE:SIZE</c>: in the header <c>x-sandbox-bench</c> or
/// anywhere in the body.
/// </summary>
/// <param name="Events">Text deltas of a stream.</param>
/// <param name="Rate">Deltas a second; 0 sends all at once.</param>
/// <param name="Size">Characters of each delta, or of the text of a JSON answer.</param>
internal readonly record struct BenchRequest(int Events, int Rate, int Size)
{
    private static readonly BenchRequest Usual = new(Events: 100, Rate: 0, Size: 16);

    public static BenchRequest Of(ReadOnlySpan<byte> body, string? header)
    {
        var text = header is null ? body : Encoding.ASCII.GetBytes(header);
        var at = text.IndexOf("bench:"u8);
        if (at < 0)
        {
            return Usual;
        }

        text = text[(at + "bench:".Length)..];
        return new(Next(ref text, Usual.Events), Next(ref text, Usual.Rate), Next(ref text, Usual.Size));
    }

    private static int Next(ref ReadOnlySpan<byte> text, int otherwise)
    {
        if (!Utf8Parser.TryParse(text, out int value, out var length) || value < 0)
        {
            return otherwise;
        }

        text = text[length..];
        text = text is [(byte)':', ..] ? text[1..] : default;
        return value;
    }
}
