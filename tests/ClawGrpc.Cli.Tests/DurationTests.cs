using ClawGrpc.Cli.Input;

namespace ClawGrpc.Cli.Tests;

/// <summary>openclaw-spec.md, section 3.3: durations and the ids of named tokens.</summary>
public class DurationTests
{
    [Theory]
    [InlineData("365d", 365 * 86_400_000L)]
    [InlineData("12h", 12 * 3_600_000L)]
    [InlineData("90", 90 * 86_400_000L)]
    [InlineData(" 1.5H ", 5_400_000L)]
    [InlineData("30m", 1_800_000L)]
    [InlineData("45s", 45_000L)]
    [InlineData("500ms", 500L)]
    [InlineData("0.5ms", 1L)]
    [InlineData("0.4ms", 0L)]
    public void Number_without_unit_is_days(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), DurationText.Parse(text));

    [Theory]
    [InlineData("soon", "invalid duration: soon")]
    [InlineData("-1d", "invalid duration: -1d")]
    [InlineData("1 d", "invalid duration: 1 d")]
    [InlineData("1w", "invalid duration: 1w")]
    [InlineData("1.d", "invalid duration: 1.d")]
    [InlineData("١d", "invalid duration: ١d")]
    [InlineData("99999999999999d", "invalid duration: 99999999999999d")]
    [InlineData("  ", "invalid duration (empty)")]
    public void Invalid_duration_fails_in_OpenClaws_words(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => DurationText.Parse(text)).Message);

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public void Blank_duration_is_null(string? text) => Assert.Null(DurationText.ParseOptional(text));

    [Fact]
    public void Zero_duration_is_valid() => Assert.Equal(TimeSpan.Zero, DurationText.ParseOptional(" 0.1ms "));

    [Theory]
    [InlineData("My Laptop", "anthropic:my-laptop")]
    [InlineData("  --a__b..c//d-- ", "anthropic:a__b..c-d")]
    [InlineData("ÄÖ", "anthropic:default")]
    [InlineData("", "anthropic:default")]
    public void Token_name_becomes_a_slug(string name, string id) => Assert.Equal(id, ProfileName.ToId("anthropic", name));
}
