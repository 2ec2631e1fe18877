using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace ClawGrpc.Testing;

/// <summary>Ids that look like the API's and come in the same order in every run.</summary>
internal sealed class Ids
{
    private const string Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private long _count;

    /// <summary>The next id: <paramref name="prefix"/> (such as <c>req_</c>), <c>01</c> and 22 characters.</summary>
    public string Next(string prefix) => Of(prefix, Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture));

    /// <summary>The id that belongs to a text, the same every time.</summary>
    public static string Of(string prefix, string seed)
    {
        var number = new BigInteger(SHA256.HashData(Encoding.UTF8.GetBytes(prefix + seed)), isUnsigned: true);
        Span<char> id = stackalloc char[22];
        for (var i = 0; i < id.Length; i++)
        {
            id[i] = Alphabet[(int)(number % Alphabet.Length)];
            number /= Alphabet.Length;
        }

        return string.Concat(prefix, "01", id);
    }
}
