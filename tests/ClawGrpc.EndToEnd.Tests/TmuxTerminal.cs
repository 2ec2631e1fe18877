using System.Diagnostics;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary>A real terminal with <c>claw</c> in it: a tmux of its own, which is told what to press and asked what the screen
/// shows.</summary>
internal sealed class TmuxTerminal : IAsyncDisposable
{
    private const string Settings = "set -g status off\nset -g escape-time 0\nset -g default-terminal screen-256color\n";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    // What claw leaves behind is part of the picture: its exit code, and whether the terminal is set as before.
    private const string Shell =
        "trap : INT; before=$(stty -g); \"$@\"; code=$?; "
        + "[ \"$(stty -g)\" = \"$before\" ] && is=restored || is=changed; "
        + "echo \"[exit $code, terminal $is]\"; exec sleep 1000";

    private readonly Process _tmux;
    private readonly string _name;
    private TaskCompletionSource _changed = NewTrigger();
    private TaskCompletionSource<string>? _reply;
    private readonly Task _reading;

    private TmuxTerminal(Process tmux, string name)
    {
        (_tmux, _name) = (tmux, name);
        _reading = ReadAsync();
    }

    /// <summary>Opens a terminal and runs a program in it.</summary>
    /// <param name="fixture">Has the folder of the terminal's settings.</param>
    /// <param name="columns">Its width.</param>
    /// <param name="rows">Its height.</param>
    /// <param name="environment">The variables of the program.</param>
    /// <param name="arguments">The program and its arguments.</param>
    public static async Task<TmuxTerminal> OpenAsync(
        ProcessFixture fixture,
        int columns,
        int rows,
        IReadOnlyDictionary<string, string> environment,
        params IEnumerable<string> arguments)
    {
        var settings = Path.Join(fixture.Path, "tmux.conf");
        await File.WriteAllTextAsync(settings, Settings);
        var name = $"claw-{Guid.NewGuid():N}";
        var start = new ProcessStartInfo("tmux", ["-u", "-L", name, "-f", settings, "-C", "new-session", "-x", $"{columns}", "-y",
            $"{rows}", .. environment.SelectMany(each => new[] { "-e", $"{each.Key}={each.Value}" }), "--", "/bin/sh", "-c",
            Shell, "sh", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMUX_TMPDIR"] = fixture.Path;
        start.Environment.Remove("TMUX");
        var terminal = new TmuxTerminal(Process.Start(start)!, name);
        await terminal.ResizeAsync(columns, rows);
        return terminal;
    }

    /// <summary>Waits until the screen shows a text, and returns the screen.</summary>
    public async Task<string> ShowsAsync(string text) =>
        await WaitAsync(screen => screen.Contains(text, StringComparison.Ordinal), text);

    /// <summary>Waits until the program has ended, and returns the last screen.</summary>
    public Task<string> EndedAsync() => ShowsAsync("[exit ");

    /// <summary>Waits until the screen is as it should be.</summary>
    public async Task<string> WaitAsync(Func<string, bool> holds, string what)
    {
        var screen = "";
        try
        {
            while (true)
            {
                var changed = _changed.Task;
                screen = await ScreenAsync();
                if (holds(screen))
                    return screen;
                await changed.WaitAsync(Longest);
            }
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"The screen did not show {what}:\n{screen}");
        }
    }

    /// <summary>Types a text.</summary>
    public Task TypeAsync(string text) => TellAsync($"send-keys -l '{text}'");

    /// <summary>Pastes a text; its lines are separated by <c>\n</c>. It is marked as a paste where the program has asked for
    /// that.</summary>
    public async Task PasteAsync(string text)
    {
        await TellAsync($"set-buffer \"{text.Replace("\n", "\\n", StringComparison.Ordinal)}\"");
        await TellAsync("paste-buffer -p");
    }

    /// <summary>Presses a key by the name that tmux has for it, such as <c>Enter</c> or <c>C-c</c>.</summary>
    public Task PressAsync(string key) => TellAsync($"send-keys {key}");

    public Task ResizeAsync(int columns, int rows) => TellAsync($"refresh-client -C {columns}x{rows}");

    /// <summary>Sends the program SIGTERM.</summary>
    public async Task TerminateAsync()
    {
        var shell = (await TellAsync("display-message -p '#{pane_pid}'")).Trim();
        var program = await File.ReadAllTextAsync($"/proc/{shell}/task/{shell}/children");
        using var kill = Process.Start("kill", $"-TERM {program}");
        await kill.WaitForExitAsync();
    }

    /// <summary>Whether the cursor is shown, and on the terminal's first screen.</summary>
    public async Task<bool> IsAsBeforeAsync() =>
        await TellAsync("display-message -p '#{cursor_flag} #{alternate_on}'") == "1 0\n";

    /// <summary>The screen, without the empty space right and below.</summary>
    public async Task<string> ScreenAsync() => (await TellAsync("capture-pane -p")).TrimEnd('\n') + "\n";

    public async ValueTask DisposeAsync()
    {
        if (!_tmux.HasExited)
            await _tmux.StandardInput.WriteLineAsync("kill-server");
        await _tmux.WaitForExitAsync().WaitAsync(Longest);
        await _reading;
        _tmux.Dispose();
    }

    // One command at a time: its reply comes before the next is sent.
    private async Task<string> TellAsync(string command)
    {
        var reply = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _reply = reply;
        await _tmux.StandardInput.WriteLineAsync(command);
        return await reply.Task.WaitAsync(Longest);
    }

    private async Task ReadAsync()
    {
        var isFirst = true;
        while (await _tmux.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("%begin ", StringComparison.Ordinal))
            {
                var reply = await ReadReplyAsync();

                // The first reply is to the command that opened the session.
                if (!isFirst)
                    _reply?.TrySetResult(reply);
                isFirst = false;
            }
            else
            {
                var before = Interlocked.Exchange(ref _changed, NewTrigger());
                before.TrySetResult();
            }
        }

        var error = await _tmux.StandardError.ReadToEndAsync();
        _reply?.TrySetException(new InvalidOperationException($"tmux {_name} ended: {error}"));
    }

    private async Task<string> ReadReplyAsync()
    {
        var reply = "";
        while (await _tmux.StandardOutput.ReadLineAsync() is { } line
            && !line.StartsWith("%end ", StringComparison.Ordinal) && !line.StartsWith("%error ", StringComparison.Ordinal))
        {
            reply += line + "\n";
        }

        return reply;
    }

    private static TaskCompletionSource NewTrigger() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
