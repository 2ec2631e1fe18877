using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace ClawGrpc.Core.Tests;

public class SecretTests
{
    private const string Text = "sk-ant-api03-FAKE-0123456789-abcdefgh";
    private static readonly Secret Key = new(Text);

    [Fact]
    public void Reveal_gives_the_text_unchanged()
    {
        Assert.Equal(Text, Key.Reveal());
        Assert.Equal("  \n", new Secret("  \n").Reveal());
    }

    [Theory]
    [InlineData("", "missing")]
    [InlineData("   ", "missing")]
    [InlineData("a", "...")]
    [InlineData("sevench", "...")]
    [InlineData("eight-ch", "ei...ch")]
    [InlineData("sixteen-chars-ok", "si...ok")]
    [InlineData("seventeen-chars-x", "seventee...-chars-x")]
    [InlineData("  sk-ant-api03-FAKE-0123456789-abcdefgh \n", "sk-ant-a...abcdefgh")]
    [InlineData("line\nbreak😀-0123456789-abcdefgh", "line?bre...abcdefgh")]
    [InlineData("0123456789-abcdef\u0007😀", "01234567...bcdef???")]
    public void Mask_never_shows_a_short_secret_in_full(string text, string mask) =>
        Assert.Equal(mask, new Secret(text).Mask());

    [Fact]
    public void Conversions_to_text_give_no_secret()
    {
        var record = new Holder("main", Key);
        string[] texts =
        [
            Key.ToString(), $"{Key}", string.Format(CultureInfo.InvariantCulture, "{0}", Key), record.ToString(),
            JsonSerializer.Serialize(Key), JsonSerializer.Serialize(record), JsonSerializer.Serialize<object>(Key),
            typeof(Secret).GetCustomAttribute<DebuggerDisplayAttribute>()!.Value,
        ];
        Assert.All(texts, text => Assert.DoesNotContain("FAKE", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Secret_cannot_be_deserialized() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Secret>("\"text\""));

    [Fact]
    public void Reveal_is_the_only_way_to_the_text()
    {
        var ways = typeof(Secret)
            .GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(member => member is MethodInfo { ReturnType: var type } && type == typeof(string))
            .Select(member => member.Name);
        Assert.Equal(["Mask", "Reveal", "ToString"], ways.Order());
        Assert.DoesNotContain(typeof(Secret).GetProperties(), property => property.PropertyType != typeof(bool));
        Assert.DoesNotContain(typeof(Secret).GetMethods(), method => method.Name is "op_Implicit" or "op_Explicit");
    }

    [Fact]
    public void Equal_texts_are_equal_secrets()
    {
        var same = new Secret(Text);
        Assert.True(Key == same);
        Assert.False(Key != same);
        Assert.Equal(Key.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(Key, new Secret(Text + "x"));
        Assert.NotEqual(Key, new Secret(Text.ToUpperInvariant()));
        Assert.False(Key.Equals(null));
        Assert.True((Secret?)null == null);
        Assert.False(Key == null);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(" \t\n", true)]
    [InlineData(" x ", false)]
    public void White_space_alone_is_blank(string text, bool blank) => Assert.Equal(blank, new Secret(text).IsBlank);

    private sealed record Holder(string Agent, Secret Key);
}
