using System.Text.Json;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw models status --watch</c>.</summary>
public sealed class WatchCommandTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        var first = Samples.Rich(_terminal.Time.GetUtcNow());
        var second = first.Clone();
        second.Revision++;
        second.Auth.UnusableProfiles.Clear();
        _terminal.Script.Watch = async (_, stream, cancellation) =>
        {
            await stream.WriteAsync(new WatchStatusResponse { Status = first, Revision = 12 }, cancellation);
            await stream.WriteAsync(new WatchStatusResponse { Revision = 12 }, cancellation);
            await stream.WriteAsync(new WatchStatusResponse { Status = second, Revision = 13 }, cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        };
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Json_prints_one_line_per_change_and_Ctrl_C_exits_130()
    {
        var run = await WatchUntilAsync("\"revision\":13", "--json");
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal([12, 13], lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("revision").GetInt64()));
        Assert.Equal((130, ""), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Plain_prints_the_model_per_change() =>
        Assert.Equal(
            "anthropic/claude-opus-4-6\nanthropic/claude-opus-4-6\n",
            (await WatchUntilAsync("4-6\nanthropic/claude-opus-4-6\n", "--plain")).Out);

    [Fact]
    public async Task Text_prints_one_block_per_change() =>
        Golden.Matches("text/watch.txt", (await WatchUntilAsync("Revision 13, 2026-02-08T11:59:59.000Z\nConfig ")).Out);

    [Fact]
    public async Task Unknown_agent_ends_the_watch()
    {
        _terminal.Script.Watch = (_, _, _) =>
            throw Script.Failure(StatusCode.NotFound, ErrorReason.AgentNotFound, "?", new() { ["agent_id"] = "nope" });
        var run = await _terminal.ClawAsync("models", "status", "--watch", "--agent", "nope");
        Assert.Equal(
            new Run(1, "", "Error: Unknown agent id \"nope\". Use \"claw agents list\" to see configured agents.\n"),
            run);
    }

    [Fact]
    public async Task Outage_prints_one_line_at_start_and_end()
    {
        using var pressed = new CancellationTokenSource();
        await using var output = new WaitingWriter("\"revision\":13");
        var running = _terminal.RunAsync(["models", "status", "--watch", "--json"], output: output, cancellation: pressed.Token);
        await output.Seen;
        await _terminal.StopAsync();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await _terminal.Time.TimerStartedAsync();
            _terminal.Time.Advance(TimeSpan.FromSeconds(15));
        }

        await _terminal.Time.TimerStartedAsync();
        await _terminal.StartAsync();
        output.WaitFor("\"revision\":12");
        _terminal.Time.Advance(TimeSpan.FromSeconds(15));
        await output.Seen;
        await pressed.CancelAsync();
        Assert.Matches(
            "^The connection to unix:.* broke: .* Trying again from time to time.\nConnected again.\n$",
            (await running).Error);
    }

    [Fact]
    public async Task Check_with_watch_is_refused() =>
        Assert.Equal(1, (await _terminal.ClawAsync("models", "status", "--watch", "--check")).ExitCode);

    [Fact]
    public async Task Terminal_shows_a_table_that_updates()
    {
        var screen = new Keyboard();
        using var pressed = new CancellationTokenSource();
        var running = _terminal.RunAsync(["models", "status", "--watch"], screen: screen, cancellation: pressed.Token);
        // The program waits for the clock after each drawn table.
        await _terminal.Time.TimerStartedAsync();
        while (!screen.Screen.Contains("revision 13", StringComparison.Ordinal))
            await _terminal.Time.TimerStartedAsync();
        await pressed.CancelAsync();
        Assert.Equal(130, (await running).ExitCode);
    }

    [Fact]
    public async Task Q_ends_the_watch_and_leaves_the_last_table()
    {
        var screen = new Keyboard();
        var keyboard = new Keyboard().Keys("xq");
        var run = await _terminal.RunAsync(["models", "status", "--watch"], keyboard: keyboard, screen: screen);
        Assert.Equal(new Run(0, "", ""), run);
        Assert.StartsWith("\e[?1049h\e[?25l", screen.Screen, StringComparison.Ordinal);
        Assert.Contains("anthropic:work", screen.Screen.Split("\e[?25h\e[?1049l")[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_leaves_the_second_screen()
    {
        _terminal.Script.Watch = async (_, stream, cancellation) =>
        {
            await stream.WriteAsync(
                new WatchStatusResponse { Status = Samples.Rich(_terminal.Time.GetUtcNow()), Revision = 12 }, cancellation);
            throw Script.Failure(StatusCode.NotFound, ErrorReason.AgentNotFound, "gone");
        };
        var screen = new Keyboard();
        Assert.Equal(1, (await _terminal.RunAsync(["models", "status", "--watch"], screen: screen)).ExitCode);
        Assert.EndsWith("\e[?25h\e[?1049l", screen.Screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, "table-60")]
    [InlineData(80, "table-80")]
    [InlineData(120, "table")]
    public void Table_shows_profiles_and_routes_set_aside_in_rows_that_fit(int width, string golden)
    {
        var screen = new Keyboard();
        screen.Profile.Width = width;
        var status = Samples.Rich(_terminal.Time.GetUtcNow());
        screen.Write(StatusTable.Of(status, _terminal.Time.GetUtcNow(), interruption: null, width));
        var lines = screen.Screen.Split('\n').Select(line => line.TrimEnd()).ToList();
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Golden.Matches($"text/{golden}.txt", string.Join('\n', lines));
    }

    [Fact]
    public void Long_names_are_cut_and_do_not_wrap()
    {
        var screen = new Keyboard();
        screen.Profile.Width = 60;
        var status = Samples.Rich(_terminal.Time.GetUtcNow());
        status.Auth.Profiles[0].ProfileId = "anthropic:" + new string('n', 80);
        const string interruption = "The connection to unix:/run/user/1000/clawgrpc/clawgrpc.sock broke: reset.";
        screen.Write(StatusTable.Of(status, _terminal.Time.GetUtcNow(), interruption, 60));
        Assert.All(screen.Screen.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 60, line));
        Assert.Contains("nnn…", screen.Screen, StringComparison.Ordinal);
    }

    private async Task<Run> WatchUntilAsync(string text, params string[] options)
    {
        using var pressed = new CancellationTokenSource();
        await using var output = new WaitingWriter(text);
        var running = _terminal.RunAsync(
            ["models", "status", "--watch", .. options],
            output: output,
            cancellation: pressed.Token);
        await output.Seen;
        await pressed.CancelAsync();
        return await running;
    }
}
