using System.Text;
using System.Text.Json;
using ClawGrpc.Core.Anthropic;
using CsCheck;

namespace ClawGrpc.Core.Tests.Anthropic;

public class JsonTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain é 😀", "plain é 😀")]
    [InlineData("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t")]
    [InlineData("\\u00e9\\u6F22\\uD83D\\uDE00!", "é漢😀!")]
    [InlineData("\\uFFFD", "\uFFFD")]
    [InlineData("\\u0000", "\0")]
    public void Escapes_are_decoded(string escaped, string text)
    {
        Assert.True(JsonText.TryDecode(Encoding.UTF8.GetBytes(escaped), out var decoded));
        Assert.Equal(text, decoded);
    }

    [Theory]
    [InlineData("a\\ud83d", "a\uFFFD")]
    [InlineData("\\ude00b", "\uFFFDb")]
    [InlineData("\\ud83dx\\ude00", "\uFFFDx\uFFFD")]
    [InlineData("\\ud83d\\n", "\uFFFD\n")]
    [InlineData("\\ud83d\\ud83d\\ude00", "\uFFFD😀")]
    public void Half_a_surrogate_pair_is_reported_and_replaced(string escaped, string text)
    {
        Assert.False(JsonText.TryDecode(Encoding.UTF8.GetBytes(escaped), out _));
        Assert.Equal(text, JsonText.Decode(Encoding.UTF8.GetBytes(escaped)));
    }

    [Fact]
    public void Text_escaped_by_a_serializer_is_decoded_again() => Gen.Int[0, 0xD7FF].Array[0, 29].Sample(
        runes =>
        {
            var text = string.Concat(runes.Select(rune => new Rune(rune)));
            var escaped = JsonSerializer.SerializeToUtf8Bytes(text).AsSpan()[1..^1];
            Assert.True(JsonText.TryDecode(escaped, out var decoded));
            Assert.Equal(text, decoded);
        },
        iter: 2_000);
}
