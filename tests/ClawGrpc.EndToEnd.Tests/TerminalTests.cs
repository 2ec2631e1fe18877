using System.Text.RegularExpressions;
using ClawGrpc.Testing;
using Prompt = ClawGrpc.EndToEnd.Tests.WizardScreens;

namespace ClawGrpc.EndToEnd.Tests;

/// <summary><c>claw</c> in a real terminal. The golden files are its screens.</summary>
public sealed class TerminalTests(WizardScreens screens) : IClassFixture<WizardScreens>
{
    private const string Tmux = "it is the terminal of these tests";
    private const int Rows = 24;

    private static readonly int[] Widths = [60, 80, 200];
    private static readonly string[] Ends = ["Escape", "C-d", "C-c"];

    [NeedsFact("tmux", Tmux)]
    public async Task Every_prompt_of_the_wizard_can_be_ended_and_changes_nothing()
    {
        // A server of its own: what the completions of other tests change is written later.
        await using var own = await WizardScreens.StartAsync();
        var before = own.Fixture.Snapshot();
        var ways = from prompt in WizardScreens.Prompts from end in Ends from width in Widths select (prompt, end, width);
        foreach (var ((name, keys, shows), end, width) in ways)
        {
            await using var terminal = await own.OpenAsync(width, Rows, "onboard");
            await terminal.ShowsAsync("How does Claude know you?");
            await WizardScreens.PressAsync(terminal, keys);
            await terminal.ShowsAsync(shows);

            // The question's last line may come after its others.
            if (WizardScreens.Choices.TryGetValue(name, out var choice))
                await terminal.ShowsAsync(choice);
            await terminal.PressAsync(end);
            Golden.Matches($"terminal/end-{name}-{end}-{width}.txt", await terminal.EndedAsync());
            Assert.True(await terminal.IsAsBeforeAsync(), $"{name} {end} {width}");
        }

        Assert.Equal(before, own.Fixture.Snapshot());
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Every_way_through_the_wizard_ends_with_the_next_step()
    {
        string key = $"={ProcessFixture.KeyOne}", other = $"={ProcessFixture.KeyTwo}", token = $"={WizardScreens.Token}";
        var wrong = "=sk-ant-oat01-FAKE-short";
        (string Name, string[] Keys, string Profile)[] ways =
        [
            ("key", ["Enter", $"?{Prompt.Key}", wrong, "Enter", "?This is a setup-token", key, "Enter", $"?{Prompt.Replace}", "n",
                "?Name of another", "=spare", "Enter", $"?{Prompt.Check}", "y"], "anthropic:spare"),
            ("odd-key", ["Enter", $"?{Prompt.Key}", "=FAKE-gateway-key", "Enter", "?Use it?", "n", "?no\n", other, "Enter",
                $"?{Prompt.Replace}", "n", "?Name of another", "=two", "Enter", $"?{Prompt.Check}", "n"], "anthropic:two"),
            ("token", ["Down", "Enter", $"?{Prompt.SetupToken}", wrong, "Enter", "?too short", token, "Enter", $"?{Prompt.Name}",
                token, "Enter", "?looks like a secret", "=lap top", "Enter", $"?{Prompt.Check}", "y"], "anthropic:lap-top"),
            ("claude", ["Down", "Down", "Enter"], "anthropic:claude-cli"),
        ];
        foreach (var width in Widths)
        {
            foreach (var (name, keys, profile) in ways)
            {
                await using var terminal = await screens.OpenAsync(width, Rows + Rows, "onboard");
                await terminal.ShowsAsync("How does Claude know you?");
                await WizardScreens.PressAsync(terminal, keys);
                var screen = await terminal.EndedAsync();
                Assert.Contains("Next: claw complete", screen, StringComparison.Ordinal);
                Assert.DoesNotContain("FAKE-first", screen, StringComparison.Ordinal);
                Golden.Matches($"terminal/onboard-{name}-{width}.txt", screen);
                Assert.True(await terminal.IsAsBeforeAsync(), name);
                await screens.RemoveAsync(profile);
            }
        }
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Refused_key_is_asked_for_again()
    {
        screens.Fixture.Sandbox.Script(Faults.Status(401).ForPath("/v1/messages/count_tokens"));
        await using var terminal = await screens.OpenAsync(80, Rows, "onboard", "--profile-id", "anthropic:new");
        await terminal.ShowsAsync("How does Claude know you?");
        await WizardScreens.PressAsync(
            terminal, "Enter", $"?{Prompt.Key}", $"={ProcessFixture.KeyOne}", "Enter", $"?{Prompt.Check}", "y");
        await terminal.ShowsAsync("did not take it");
        await terminal.PressAsync("Escape");
        Golden.Matches("terminal/refused-key-80.txt", await terminal.EndedAsync());
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Chat_streams_and_survives_Ctrl_C()
    {
        foreach (var width in Widths[..2])
        {
            screens.Fixture.Sandbox.Script(Faults.Stall(afterEvents: 4));
            await using var terminal = await screens.OpenAsync(width, Rows, "chat");
            await terminal.ShowsAsync("\n>");
            await WizardScreens.PressAsync(terminal, "=Hello", "Enter");
            await terminal.ShowsAsync("\nYou");
            await terminal.PressAsync("C-c");
            await terminal.ShowsAsync("Stopped.");
            await WizardScreens.PressAsync(
                terminal, "=/model haiku", "Enter", "?Model: haiku", "=/retention long", "Enter", "?Retention: long",
                "=a mistake", "?> a mistake", "C-c");

            // What is typed before the program has seen Ctrl-C is erased too.
            await terminal.WaitAsync(text => !text.Contains("a mistake", StringComparison.Ordinal), "an empty line");
            await WizardScreens.PressAsync(terminal, "=Bye", "Enter");
            await terminal.ShowsAsync("$0");
            await terminal.PressAsync("C-d");
            Golden.Matches($"terminal/chat-{width}.txt", await terminal.EndedAsync());
            Assert.True(await terminal.IsAsBeforeAsync());
        }
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Chat_takes_a_paste_as_one_message()
    {
        foreach (var (end, width, code) in new[] { ("C-d", 60, 0), ("C-c", 80, 130) })
        {
            await using var terminal = await screens.OpenAsync(width, Rows, "chat");
            await terminal.ShowsAsync("\n>");
            await terminal.PasteAsync("Is this\nwrong?\n\tif 日本");
            await WizardScreens.PressAsync(
                terminal, "?if 日本", "Left", "Left", "=😀", "?if 😀日本", "C-e", "C-w", "?wrong?\n      if\n", "Enter", "?$0",
                "Up", "?wrong?\n      if\n", "C-u", "=Not this", "?Not this", "Home", "C-k", "=Bye", "?> Bye", "Enter");
            Golden.Matches(
                $"terminal/chat-paste-{width}.txt",
                await terminal.WaitAsync(
                    text => text.Split("$0").Length > 2 && text.EndsWith("\n>\n", StringComparison.Ordinal), "two answers"));

            // More than the runtime reads at once.
            await terminal.PasteAsync(string.Join('\n', Enumerable.Range(1, 1000)));
            await WizardScreens.PressAsync(terminal, "?  999\n  1000", "C-c");
            await terminal.WaitAsync(text => text.EndsWith(">\n", StringComparison.Ordinal), "an empty line");
            await terminal.PressAsync(end);
            Assert.Equal($">\n[exit {code}, terminal restored]\n", await terminal.EndedAsync());
            Assert.True(await terminal.IsAsBeforeAsync());
            await terminal.PasteAsync("after");
            Assert.DoesNotContain("00~", await terminal.ShowsAsync("after"), StringComparison.Ordinal);
        }
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Signal_that_ends_the_program_leaves_the_terminal_as_it_was()
    {
        foreach (var (command, asks) in new[] { ("chat", "\n>"), ("onboard", "How does Claude know you?") })
        {
            await using var terminal = await screens.OpenAsync(80, Rows, command);
            await terminal.ShowsAsync(asks);
            await terminal.TerminateAsync();
            Assert.Contains("[exit 143, terminal restored]", await terminal.EndedAsync(), StringComparison.Ordinal);
            Assert.True(await terminal.IsAsBeforeAsync(), command);
            await terminal.PasteAsync("after");
            Assert.DoesNotContain("00~", await terminal.ShowsAsync("after"), StringComparison.Ordinal);
        }
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Help_and_errors_break_at_words()
    {
        foreach (var width in Widths[..2])
        {
            await using var help = await screens.OpenAsync(width, Rows + Rows, "chat", "--help");
            Golden.Matches($"terminal/help-{width}.txt", await help.EndedAsync());
            await using var error = await screens.OpenAsync(width, Rows, "whoami", "--endpoint", "http://127.0.0.1:1");
            Golden.Matches($"terminal/error-{width}.txt", await error.EndedAsync());
        }
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Status_watch_follows_the_size_and_leaves_the_terminal_as_it_was()
    {
        // A server of its own: others count completions meanwhile.
        await using var own = await WizardScreens.StartAsync();
        await using var terminal = await own.OpenAsync(80, Rows, "models", "status", "--watch");
        Golden.Matches("terminal/watch-80.txt", WithoutRevision(await terminal.ShowsAsync("q quits")));
        await terminal.ResizeAsync(60, Rows);
        var screen = await terminal.WaitAsync(
            text => text.Contains("q quits", StringComparison.Ordinal) && !text.Contains('│'),
            "the narrow table");
        Golden.Matches("terminal/watch-60.txt", WithoutRevision(screen));
        await terminal.PressAsync("q");
        Golden.Matches("terminal/watch-quit-60.txt", WithoutRevision(await terminal.EndedAsync()));
        Assert.True(await terminal.IsAsBeforeAsync());
    }

    [NeedsFact("tmux", Tmux)]
    public async Task Status_watch_leaves_the_terminal_at_Ctrl_C()
    {
        await using var terminal = await screens.OpenAsync(60, Rows, "models", "status", "--watch");
        await terminal.ShowsAsync("q quits");
        await terminal.PressAsync("C-c");
        Assert.Contains("[exit 130, terminal restored]", await terminal.EndedAsync(), StringComparison.Ordinal);
        Assert.True(await terminal.IsAsBeforeAsync());
    }

    // Neither revision nor number of completions is the same in each run.
    private static string WithoutRevision(string screen) => Regex.Replace(
        Regex.Replace(screen, @" *(main .* revision )\d+", "$1N"), @"(?<=│ )[\d-](?= +│\n╰)", "N");
}
