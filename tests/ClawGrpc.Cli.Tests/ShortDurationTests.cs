using ClawGrpc.Gateway.Status;

namespace ClawGrpc.Cli.Tests;

/// <summary>
/// openclaw-spec.md, section 7.3, "Short durations". Labels of the server and lines of the CLI are formatted alike.
/// </summary>
public class ShortDurationTests
{
    [Theory]
    [InlineData(-1, "0m")]
    [InlineData(0, "0m")]
    [InlineData(0.1, "1m")]
    [InlineData(7.5, "8m")]
    [InlineData(59.4, "59m")]
    [InlineData(59.5, "1h")]
    [InlineData(89.4, "1h")]
    [InlineData(89.7, "2h")]
    [InlineData(48 * 60 - 31, "47h")]
    [InlineData(48 * 60 - 30, "2d")]
    [InlineData(60 * 60, "3d")]
    public void Minutes_are_rounded_first_then_hours_then_days(double minutes, string text) =>
        Assert.Equal(text, ShortDuration.Of(TimeSpan.FromMinutes(minutes)));

    [Theory]
    [InlineData(0.2)]
    [InlineData(7.5)]
    [InlineData(8)]
    [InlineData(59.5)]
    [InlineData(89.7)]
    [InlineData(2000)]
    public void Text_holds_as_long_as_it_says(double minutes)
    {
        var remaining = TimeSpan.FromMinutes(minutes);
        var holds = ShortDuration.HoldsFor(remaining);
        Assert.InRange(holds, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.True(remaining - holds <= TimeSpan.Zero || ShortDuration.Of(remaining - holds) == ShortDuration.Of(remaining));
    }
}
