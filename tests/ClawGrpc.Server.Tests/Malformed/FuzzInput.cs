using System.Text;
using System.Text.RegularExpressions;

namespace ClawGrpc.Server.Tests.Malformed;

/// <summary>Damage, as it comes over a wire or out of a program with a fault.</summary>
internal static partial class FuzzInput
{
    private static readonly string[] Values =
    [
        "null", "true", "[]", "{}", "\"\"", "-1", "1.5", "1e999", "99999999999999999999999999", "2147483648", "\"\\ud800\"",
        "\"\\u0000\"", "[[[[[[]]]]]]", "{\"type\":{}}",
        "\"event: message_stop\\n\\n\"", "nul", "", "'x'", new string('[', 600), $"\"{new string('x', 5000)}\"",
    ];

    /// <summary>Damages an event stream in one way or a few.</summary>
    public static byte[] OfStream(Random random, byte[] stream)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            stream = random.Next(3) == 0
                ? OfBytes(random, stream)
                : random.Next(2) == 0 ? OfEvents(random, stream) : OfJson(random, stream);
        }
        return stream;
    }

    /// <summary>Flips bits, cuts off, takes out, puts in, repeats.</summary>
    public static byte[] OfBytes(Random random, byte[] bytes)
    {
        if (bytes.Length == 0)
            return [(byte)random.Next(256)];
        var (from, length) = (random.Next(bytes.Length), random.Next(1, 40));
        var to = Math.Min(bytes.Length, from + length);
        switch (random.Next(6))
        {
            case 0:
                bytes = [.. bytes];
                for (var flips = random.Next(1, 8); flips > 0; flips--)
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                return bytes[..from];
            case 2:
                return [.. bytes[..from], .. bytes[to..]];
            case 3:
                var noise = new byte[length];
                random.NextBytes(noise);
                return [.. bytes[..from], .. noise, .. bytes[from..]];
            case 4:
                return [.. bytes[..to], .. bytes[from..]];
            default:
                byte[] invalid = random.Next(3) switch { 0 => [0xFF], 1 => [0xC3], _ => [0xED, 0xA0, 0x80] };
                return [.. bytes[..from], .. invalid, .. bytes[from..]];
        }
    }

    /// <summary>Puts another value where one stood: of another type, too large, too deep, or none.</summary>
    public static byte[] OfJson(Random random, byte[] json)
    {
        var text = Encoding.Latin1.GetString(json);
        var values = Value().Matches(text);
        if (values.Count == 0)
            return json;
        var value = values[random.Next(values.Count)].Groups[1];
        return Encoding.Latin1.GetBytes(
            text[..value.Index] + Values[random.Next(Values.Length)] + text[(value.Index + value.Length)..]);
    }

    // Leaves out, repeats and exchanges whole events.
    private static byte[] OfEvents(Random random, byte[] stream)
    {
        var events = Encoding.Latin1.GetString(stream).Split("\n\n").ToList();
        var (one, other) = (random.Next(events.Count), random.Next(events.Count));
        switch (random.Next(3))
        {
            case 0:
                events.RemoveAt(one);
                break;
            case 1:
                events.Insert(other, events[one]);
                break;
            default:
                (events[one], events[other]) = (events[other], events[one]);
                break;
        }

        return Encoding.Latin1.GetBytes(string.Join("\n\n", events));
    }

    [GeneratedRegex("""(?<="\s*:\s*)("(?:[^"\\]|\\.)*"|-?[0-9.eE+]+|true|false|null|\[\]|\{\})""")]
    private static partial Regex Value();
}
