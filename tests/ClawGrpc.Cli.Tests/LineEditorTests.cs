using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Tests.Harness;

namespace ClawGrpc.Cli.Tests;

/// <summary>What is typed at <c>claw chat</c>: keys, their message, and what the terminal shows before Enter.</summary>
public sealed class LineEditorTests
{
    private const int Width = 20;

    private readonly Keyboard _keyboard = new();

    public LineEditorTests() => (_keyboard.Profile.Width, _keyboard.Profile.Height) = (Width, 6);

    [Theory]
    [InlineData("one two", "", "one two", "> one two█")]
    [InlineData("one two", "Left Left x", "one txwo", "> one tx█o")]
    [InlineData("one two", "Home x End y", "xone twoy", "> xone twoy█")]
    [InlineData("one two", "^A x ^E y", "xone twoy", "> xone twoy█")]
    [InlineData("one two", "Left Backspace", "one to", "> one t█")]
    [InlineData("one two", "Home Delete", "ne two", "> █e two")]
    [InlineData("one two", "Home ^D", "ne two", "> █e two")]
    [InlineData("one two", "Left ^U", "o", "> █")]
    [InlineData("one two", "Home Right ^K", "o", "> o█")]
    [InlineData("one two  ", "^W", "one ", "> one █")]
    [InlineData("one two", "Escape x", "x", "> x█")]
    [InlineData("one", "Home Left Backspace Right End Right Delete", "one", "> one█")]
    public async Task Keys_edit_the_line(string typed, string keys, string message, string screen)
    {
        Assert.Equal((message, screen), await EditAsync(typed, keys));
    }

    [Theory]
    [InlineData("日本語", "Left Backspace", "日語", "> 日█")]
    [InlineData("a😀b", "Left Backspace x", "axb", "> ax█")]
    [InlineData("e\u0301x", "Left Backspace", "x", "> █")]
    [InlineData("👍🏽!", "Left Left x", "x👍🏽!", null)]
    [InlineData("👩‍👩‍👧", "Backspace", "", "> █")]
    public async Task Characters_are_taken_whole_and_by_their_cells(string typed, string keys, string message, string? screen)
    {
        var (text, shown) = await EditAsync(typed, keys);
        Assert.Equal(message, text);
        Assert.Equal(screen ?? shown, shown);
    }

    [Theory]
    [InlineData("123456789012345678", "", "> 123456789012345678\n█")]
    [InlineData("12345678901234567日本", "", "> 12345678901234567\n日本█")]
    [InlineData("1234567890123456789012", "Backspace Backspace Backspace Backspace Backspace", "> 12345678901234567█")]
    [InlineData("1234567890123456789012", "Home x", "> x█2345678901234567\n89012")]
    public async Task Long_line_takes_the_rows_that_it_needs(string typed, string keys, string screen)
    {
        Assert.Equal(screen, (await EditAsync(typed, keys)).Screen);
    }

    [Theory]
    [InlineData("one\rtwo\rthree", false, "one\ntwo\nthree", "> one\n  two\n  three█")]
    [InlineData("one\rtwo\rthree", true, "one\ntwo\nthree", "> one\n  two\n  three█")]
    [InlineData("one\r\ntwo\r", false, "one\ntwo", "> one\n  two\n  █")]
    [InlineData("\tif\n", false, "\tif", ">     if\n  █")]
    [InlineData("a\u0004b\u0015c", false, "abc", "> abc█")]
    public async Task Paste_is_one_message_with_its_lines(string pasted, bool markInTwo, string message, string screen)
    {
        _keyboard.Paste(pasted, markInTwo);
        Assert.Equal((message, screen), await EditAsync("", ""));
    }

    [Theory]
    [InlineData("[D", "onxe")]
    [InlineData("[H", "xone")]
    [InlineData("[1;5D", "onxe")]
    [InlineData("[15~", "onex")]
    [InlineData("", "x")]
    public async Task Sequence_in_two_parts_is_one_key(string rest, string message)
    {
        _keyboard.Keys("one").Press(ConsoleKey.Escape, '\e').Keys(rest);
        Assert.Equal(message, (await EditAsync("x", "")).Message);
    }

    [Fact]
    public async Task Paste_goes_where_the_cursor_is()
    {
        _keyboard.Keys("ad").Press(ConsoleKey.LeftArrow).Paste("b\rc");
        Assert.Equal(("ab\ncd", "> ab\n  c█"), await EditAsync("", ""));
    }

    [Fact]
    public async Task Paste_that_is_taller_than_the_screen_shows_its_end()
    {
        var pasted = string.Join('\r', Enumerable.Range(1, 40));
        _keyboard.Paste(pasted);
        var (message, screen) = await EditAsync("", "Left");
        Assert.Equal(pasted.Replace('\r', '\n'), message);
        Assert.Equal("  35\n  36\n  37\n  38\n  39\n  4█", screen);
    }

    [Fact]
    public async Task Up_and_down_show_earlier_messages_and_the_draft()
    {
        using var editor = new LineEditor(_keyboard, "> ");
        _keyboard.Type("one").Paste("two\rlines").Press(ConsoleKey.Enter, '\r').Type("");
        for (var i = 0; i < 3; i++)
            await ReadAsync(editor);
        _keyboard.Keys("draft").Press(ConsoleKey.UpArrow).Press(ConsoleKey.Enter);
        Assert.Equal("two\nlines", await ReadAsync(editor));
        foreach (var key in new[] { ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow })
            _keyboard.Press(key);
        _keyboard.Type("!");
        Assert.Equal("one!", await ReadAsync(editor));
        _keyboard.Keys("draft").Press(ConsoleKey.UpArrow).Press(ConsoleKey.DownArrow).Press(ConsoleKey.DownArrow).Type("!");
        Assert.Equal("draft!", await ReadAsync(editor));
    }

    [Fact]
    public void Terminal_marks_pastes_until_the_end()
    {
        using (new LineEditor(_keyboard, "> "))
            Assert.Equal("\e[?2004h", _keyboard.Screen);
        Assert.Equal("\e[?2004h\e[?2004l", _keyboard.Screen);
    }

    // What the screen shows before Enter.
    private async Task<(string Message, string Screen)> EditAsync(string typed, string keys)
    {
        using var editor = new LineEditor(_keyboard, "> ");
        var shown = "";
        _keyboard.Keys(typed);
        foreach (var key in keys.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Press(key);
        _keyboard.Press(ConsoleKey.Enter, '\r');
        var message = await editor.ReadAsync(async read =>
        {
            shown = ScreenText.Of(_keyboard.Screen, Width);
            return await read(default);
        });
        return (message!, shown);
    }

    private void Press(string key) => _ = key switch
    {
        ['^', var letter] => _keyboard.Press(Enum.Parse<ConsoleKey>($"{letter}"), (char)(letter - '@')),
        [var letter] => _keyboard.Keys($"{letter}"),
        "Left" or "Right" => _keyboard.Press(Enum.Parse<ConsoleKey>(key + "Arrow")),
        "Escape" => _keyboard.Press(ConsoleKey.Escape, '\e'),
        _ => _keyboard.Press(Enum.Parse<ConsoleKey>(key)),
    };

    private static async Task<string?> ReadAsync(LineEditor editor) => await editor.ReadAsync(read => read(default));
}
