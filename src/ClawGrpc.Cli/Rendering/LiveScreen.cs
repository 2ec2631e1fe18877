using Spectre.Console;
using Spectre.Console.Rendering;

namespace ClawGrpc.Cli.Rendering;

/// <summary>The terminal's second screen, which a program draws on and leaves without a trace. Disposing leaves it.</summary>
internal sealed class LiveScreen : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l";
    private const string Leave = "\e[?25h\e[?1049l";
    private const string Home = "\e[H";
    private const string EraseRight = "\e[K";
    private const string EraseBelow = "\e[J";

    private readonly IAnsiConsole _console;

    public LiveScreen(IAnsiConsole console)
    {
        _console = console;
        Write(Enter);
    }

    /// <summary>Draws a picture in place of the last one, cut to the height of the terminal.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="footer">Stands below it, at the bottom if it is cut.</param>
    public void Draw(IRenderable picture, string footer)
    {
        var width = _console.Profile.Width;
        var lines = Segment.SplitLines(picture.Render(RenderOptions.Create(_console), width));
        var shown = lines.Take(Math.Max(1, _console.Profile.Height - 1)).Select(TextOf);
        Write(Home + string.Concat(shown.Select(line => $"{line}{EraseRight}\r\n")) + footer[..Math.Min(footer.Length, width)]
            + EraseRight + EraseBelow);
    }

    public void Dispose() => Write(Leave);

    private string TextOf(SegmentLine line) => string.Concat(line.Select(segment =>
        segment.Style.Foreground == Color.Red && _console.Profile.Capabilities.ColorSystem != ColorSystem.NoColors
            ? $"\e[31m{segment.Text}\e[0m"
            : segment.Text));

    private void Write(string text)
    {
        _console.Profile.Out.Writer.Write(text);
        _console.Profile.Out.Writer.Flush();
    }
}
