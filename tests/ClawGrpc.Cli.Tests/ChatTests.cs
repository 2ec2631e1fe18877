using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw chat</c>.</summary>
public sealed class ChatTests : IAsyncLifetime
{
    private const ConsoleKey CtrlD = ConsoleKey.D;
    private const char EndOfTransmission = '\u0004';

    private readonly Terminal _terminal = new();
    private readonly Keyboard _keyboard = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        _terminal.Script.Stream = async (request, stream, _) =>
        {
            await stream.WriteAsync(Text($"Answer {request.Input.Messages.Messages.Count}."));
            await stream.WriteAsync(new StreamCompleteResponse { Finished = new CompletionFinished { Receipt = Receipt() } });
        };
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Answers_build_on_the_conversation_in_one_session()
    {
        _keyboard.Type("One").Type("").Type("Two").Press(CtrlD, EndOfTransmission);
        var run = await _terminal.RunAsync(["chat", "--system", "Be brief."], keyboard: _keyboard);
        Assert.Equal(new Run(0, "Answer 1.\nAnswer 3.\n", ""), run);
        var inputs = Inputs();
        Assert.Equal(["One", "Answer 1.", "Two"], TextsOf(inputs[1]));
        Assert.Equal([Role.User, Role.Assistant, Role.User], inputs[1].Messages.Messages.Select(message => message.Role));
        Assert.Equal("Be brief.", inputs[1].Messages.System.Single().Text.Text);
        Assert.StartsWith("chat-", inputs[0].SessionId, StringComparison.Ordinal);
        Assert.Equal(inputs[0].SessionId, inputs[1].SessionId);
    }

    [Fact]
    public async Task Line_after_the_answer_has_tokens_cache_and_cost()
    {
        _keyboard.Type("Hi").Press(CtrlD, EndOfTransmission);
        await _terminal.RunAsync(["chat"], keyboard: _keyboard);
        Assert.Contains(
            "anthropic/claude-opus-4-6 · 12 in, 34 out · cache 200 read, 7 written · $0.0018", _keyboard.Screen,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_change_model_and_retention()
    {
        _keyboard.Type("/model").Type("/model haiku").Type("/retention long").Type("/retention soon").Type("/help").Type("/x")
            .Type("//etc").Type("/exit");
        Assert.Equal(0, (await _terminal.RunAsync(["chat"], keyboard: _keyboard)).ExitCode);
        var input = Assert.Single(Inputs());
        Assert.Equal(("haiku", CacheRetention.Long), (input.Model, input.CacheRetention));
        Assert.Equal(["/etc"], TextsOf(input));
        foreach (var said in new[]
        {
            "Model: the configured one", "Model: haiku", "Retention: long", "Expected /retention none, short or long.",
            "/model NAME ", "Unknown command /x. /help lists them.",
        })
        {
            Assert.Contains(said, _keyboard.Screen, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ctrl_C_ends_the_answer_and_not_the_chat()
    {
        using var interrupts = new Interrupts();
        _terminal.Script.Stream = async (request, stream, context) =>
        {
            await stream.WriteAsync(Text("Half"));
            if (request.Input.Messages.Messages.Count > 1)
            {
                await stream.WriteAsync(new StreamCompleteResponse { Finished = new CompletionFinished() });
                return;
            }

            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        await using var output = new WaitingWriter("Half");
        _keyboard.Type("One").Type("Two").Press(CtrlD, EndOfTransmission);
        var running = _terminal.RunAsync(["chat"], keyboard: _keyboard, output: output, interrupts: interrupts);
        await output.Seen;
        Assert.True(interrupts.Press());
        Assert.Equal(0, (await running).ExitCode);
        Assert.Contains("Stopped.", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(["One", "Half", "Two"], TextsOf(Inputs()[1]));
    }

    [Fact]
    public async Task Ctrl_C_on_an_empty_line_ends_the_chat()
    {
        using var interrupts = new Interrupts();
        _keyboard.Interrupt(interrupts);
        Assert.Equal(130, (await _terminal.RunAsync(["chat"], keyboard: _keyboard, interrupts: interrupts)).ExitCode);
        Assert.Contains("\e[?2004l", _keyboard.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Typed_line_can_be_mended()
    {
        _keyboard.Keys("Hellp").Press(ConsoleKey.Backspace).Type("o").Keys("gone").Press(ConsoleKey.Escape).Type("/exit");
        await _terminal.RunAsync(["chat"], keyboard: _keyboard);
        Assert.Equal(["Hello"], TextsOf(Assert.Single(Inputs())));
    }

    [Fact]
    public async Task Pasted_lines_are_one_message_and_no_command()
    {
        _keyboard.Paste("// a comment\r/model haiku").Type("").Press(CtrlD, EndOfTransmission);
        await _terminal.RunAsync(["chat"], keyboard: _keyboard);
        Assert.Equal(["// a comment\n/model haiku"], TextsOf(Assert.Single(Inputs())));
        Assert.EndsWith("\e[?2004l", _keyboard.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_answer_is_said_and_not_kept()
    {
        _terminal.Script.Stream = (_, _, _) => throw Script.Failure(StatusCode.Unavailable, ErrorReason.Overloaded, "Overloaded");
        _keyboard.Type("One").Type("Two").Press(CtrlD, EndOfTransmission);
        Assert.Equal(0, (await _terminal.RunAsync(["chat"], keyboard: _keyboard)).ExitCode);
        Assert.Contains("Error: Overloaded", _keyboard.Screen, StringComparison.Ordinal);
        Assert.Equal(["Two"], TextsOf(Inputs()[1]));
    }

    [Fact]
    public async Task Lines_of_a_pipe_are_answered_without_prompts()
    {
        var run = await _terminal.RunAsync(["chat"], input: "One\n\nTwo\n");
        const string line = "anthropic/claude-opus-4-6 · 12 in, 34 out · cache 200 read, 7 written · $0.0018\n";
        Assert.Equal(new Run(0, "Answer 1.\nAnswer 3.\n", line + line), run);
    }

    private List<CompletionInput> Inputs() =>
        [.. _terminal.Script.Requests.OfType<StreamCompleteRequest>().Select(request => request.Input)];

    private static IEnumerable<string> TextsOf(CompletionInput input) =>
        input.Messages.Messages.Select(message => message.Content.Single().Text.Text);

    private static StreamCompleteResponse Text(string text) =>
        new() { BlockDelta = new ContentBlockDelta { Text = text } };

    private static Receipt Receipt() => new()
    {
        Model = "anthropic/claude-opus-4-6",
        StopReason = "end_turn",
        Usage = new Usage
        {
            InputTokens = 12,
            OutputTokens = 34,
            CacheReadInputTokens = 200,
            CacheCreationInputTokens = 7,
        },
        Cost = new Cost { TotalNanoUsd = 1_800_000 },
    };
}
