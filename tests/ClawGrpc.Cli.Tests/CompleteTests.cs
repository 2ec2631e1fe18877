using ClawGrpc.Cli.Tests.Harness;
using ClawGrpc.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ClawGrpc.Cli.Tests;

/// <summary><c>claw complete</c>.</summary>
public sealed class CompleteTests : IAsyncLifetime
{
    private readonly Terminal _terminal = new();

    public async Task InitializeAsync()
    {
        await _terminal.StartAsync();
        Streams("Hel", "lo");
    }

    public async Task DisposeAsync() => await _terminal.DisposeAsync();

    [Fact]
    public async Task Standard_output_has_only_the_text()
    {
        Assert.Equal(new Run(0, "Hello\n", ""), await _terminal.ClawAsync("complete", "Say hello"));
        var input = _terminal.Script.Single<StreamCompleteRequest>().Input;
        Assert.Equal("Say hello", input.Messages.Messages.Single().Content.Single().Text.Text);
        Assert.Equal((Role.User, false), (input.Messages.Messages[0].Role, input.Messages.HasMaxTokens));
    }

    [Fact]
    public async Task Every_option_reaches_the_request()
    {
        await File.WriteAllTextAsync(_terminal.FilePath("system.txt"), "Be brief.\n");
        await _terminal.ClawAsync(
            "complete", "hi", "--agent", "work", "--model", "opus@anthropic:work", "--session", "s1", "--cache", "long",
            "--max-tokens", "12", "--system", "@" + _terminal.FilePath("system.txt"));
        var expected = new CompletionInput
        {
            AgentId = "work",
            Model = "opus@anthropic:work",
            SessionId = "s1",
            CacheRetention = CacheRetention.Long,
            Messages = new MessagesRequest
            {
                MaxTokens = 12,
                Messages =
                {
                    new Message { Role = Role.User, Content = { new ContentBlock { Text = new TextBlock { Text = "hi" } } } },
                },
                System = { new ContentBlock { Text = new TextBlock { Text = "Be brief.\n" } } },
            },
        };
        Assert.Equal(expected, _terminal.Script.Single<StreamCompleteRequest>().Input);
    }

    [Theory]
    [InlineData("complete")]
    [InlineData("complete", "-")]
    public async Task Prompt_is_read_from_standard_input(params string[] arguments)
    {
        await _terminal.RunAsync(arguments, input: "from a pipe\n");
        Assert.Equal(
            "from a pipe",
            _terminal.Script.Single<StreamCompleteRequest>().Input.Messages.Messages[0].Content[0].Text.Text);
    }

    [Theory]
    [InlineData("@home")]
    [InlineData("[suggest]")]
    public async Task Prompt_may_start_with_any_character(string prompt)
    {
        await _terminal.ClawAsync("complete", prompt);
        Assert.Equal(prompt, _terminal.Script.Single<StreamCompleteRequest>().Input.Messages.Messages[0].Content[0].Text.Text);
    }

    [Theory]
    [InlineData("--max-tokens", "-1")]
    [InlineData("--max-tokens", "many")]
    [InlineData("--cache", "forever")]
    [InlineData("--system", "@/no/such/file")]
    [InlineData("one", "two")]
    public async Task Invalid_values_are_usage_errors(params string[] options)
    {
        var run = await _terminal.ClawAsync(["complete", "hi", .. options]);
        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.StartsWith("error: ", run.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task System_prompt_that_is_not_there_is_named() => Assert.Equal(
        new Run(1, "", "Error: --system @/no/such/file: there is no folder /no/such. Make it, or name another file.\n"),
        await _terminal.ClawAsync("complete", "hi", "--system", "@/no/such/file"));

    [Fact]
    public async Task Zero_max_tokens_is_sent()
    {
        await _terminal.ClawAsync("complete", "hi", "--max-tokens", "0", "--plan");
        var messages = Assert.Single(_terminal.Script.Requests.OfType<PlanCompletionRequest>()).Input.Messages;
        Assert.Equal((true, 0), (messages.HasMaxTokens, messages.MaxTokens));
    }

    [Fact]
    public async Task Missing_prompt_at_terminal_is_a_usage_error() =>
        Assert.Equal(1, (await _terminal.RunAsync(["complete"], keyboard: new Keyboard())).ExitCode);

    [Theory]
    [InlineData("complete", "")]
    [InlineData("complete", " \n")]
    [InlineData("complete")]
    public async Task Empty_prompt_is_refused(params string[] arguments)
    {
        Assert.Equal(new Run(1, "", "Error: The prompt is empty.\n"), await _terminal.ClawAsync(arguments));
        Assert.Empty(_terminal.Script.Requests);
    }

    [Fact]
    public async Task Answer_that_takes_longer_than_the_timeout_is_given_up()
    {
        _terminal.Script.Stream = (_, _, context) => Task.Delay(Timeout.Infinite, context.CancellationToken);
        Assert.Equal(
            new Run(1, "", "Error: There was no whole answer within 100ms (--timeout).\n"),
            await _terminal.ClawAsync("complete", "hi", "--timeout", "100ms"));
    }

    [Theory]
    [InlineData("30", "--timeout needs a unit, such as 30s.")]
    [InlineData("0s", "--timeout must be above zero, and at most a day.")]
    [InlineData("abcs", "--timeout: invalid duration: abcs")]
    public async Task Invalid_timeout_is_refused(string timeout, string message) => Assert.Equal(
        new Run(1, "", $"Error: {message}\n"), await _terminal.ClawAsync("complete", "hi", "--timeout", timeout));

    [Fact]
    public async Task Terminal_shows_how_long_it_waits_from_a_second_on()
    {
        var mayAnswer = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        _terminal.Script.Stream = async (_, stream, _) =>
        {
            asked.SetResult();
            await mayAnswer.Task;
            await stream.WriteAsync(Text("Hello"));
            await stream.WriteAsync(new StreamCompleteResponse { Finished = new CompletionFinished { Receipt = new Receipt() } });
        };
        await using var error = new WaitingWriter("2 s");
        var running = _terminal.RunAsync(["complete", "hi"], error: error);
        await asked.Task;
        _terminal.Time.Advance(TimeSpan.FromSeconds(1));
        _terminal.Time.Advance(TimeSpan.FromSeconds(1));
        await error.Seen;
        mayAnswer.SetResult();
        var run = await running;
        Assert.Equal(
            (0, "Hello\n", "\r\e[KWaiting for the answer, 1 s\r\e[KWaiting for the answer, 2 s\r\e[K"),
            (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public async Task Every_failed_attempt_is_named_on_a_terminal()
    {
        var receipt = new Receipt();
        foreach (var (profile, message) in new[] { ("anthropic:one", "Too many."), ("anthropic:two", "Busy.") })
        {
            receipt.Attempts.Add(new Attempt
            {
                ProfileId = profile,
                Model = "anthropic/claude-opus-4-6",
                Outcome = AttemptOutcome.Failed,
                Failure = FailureKind.RateLimited,
                HttpStatus = 429,
                Message = message,
            });
        }

        _terminal.Script.Stream = (_, _, _) => throw Script.FailureWithTrailers(
            StatusCode.ResourceExhausted, ErrorReason.RateLimited, "limited", metadata: null, details: [],
            new Metadata { { "clawgrpc-receipt-bin", receipt.ToByteArray() } });
        const string error = "Error: limited\nSee claw models status.\n";
        Assert.Equal(error, (await _terminal.ClawAsync("complete", "hi")).Error);
        var screen = new StringWriter();
        await _terminal.RunAsync(["complete", "hi"], error: screen);
        Assert.Equal(
            "Note: anthropic:one, anthropic/claude-opus-4-6: failed, rate_limited, 429, Too many.\n"
            + "Note: anthropic:two, anthropic/claude-opus-4-6: failed, rate_limited, 429, Busy.\n"
            + error,
            $"{screen}");
    }

    [Fact]
    public async Task Error_after_text_keeps_the_text()
    {
        _terminal.Script.Stream = async (_, stream, _) =>
        {
            await stream.WriteAsync(Text("Half an ans"));
            throw Script.Failure(StatusCode.Aborted, ErrorReason.Interrupted, "The stream broke after its first event.");
        };
        Assert.Equal(
            new Run(1, "Half an ans\n", "Error: The stream broke after its first event.\n"),
            await _terminal.ClawAsync("complete", "hi"));
    }

    [Fact]
    public async Task Stream_without_finish_is_an_error()
    {
        _terminal.Script.Stream = (_, stream, _) => stream.WriteAsync(Text("Half\n"));
        Assert.Equal(
            new Run(1, "Half\n", "Error: The answer ended before it was complete.\n"),
            await _terminal.ClawAsync("complete", "hi"));
    }

    [Fact]
    public async Task Ctrl_C_cancels_the_call_on_the_server_and_exits_130()
    {
        var cancelledThere = new TaskCompletionSource();
        _terminal.Script.Stream = async (_, stream, context) =>
        {
            context.CancellationToken.Register(cancelledThere.SetResult);
            await stream.WriteAsync(Text("Once upon"));
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        using var pressed = new CancellationTokenSource();
        await using var output = new WaitingWriter("Once upon");
        var running = _terminal.RunAsync(["complete", "hi"], output: output, cancellation: pressed.Token);
        await output.Seen;
        await pressed.CancelAsync();
        Assert.Equal(new Run(130, "Once upon\n", ""), await running);
        await cancelledThere.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Json_has_the_message_and_the_receipt()
    {
        _terminal.Script.On<CompleteRequest>(_ => new CompleteResponse
        {
            Completion = Samples.Completion(),
            Receipt = Samples.Receipt(_terminal.Time.GetUtcNow()),
        });
        var run = await _terminal.ClawAsync("complete", "hi", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Matches("text/complete.json", run.Out);
    }

    [Theory]
    [InlineData("plan.txt", "--plan")]
    [InlineData("plan.txt", "--plan", "--receipt")]
    [InlineData("plan.json", "--plan", "--json")]
    public async Task Plan_is_printed_and_nothing_is_completed(string golden, params string[] options)
    {
        _terminal.Script.On<PlanCompletionRequest>(_ => new PlanCompletionResponse
        {
            Receipt = Samples.Plan(_terminal.Time.GetUtcNow()),
        });
        var run = await _terminal.ClawAsync(["complete", "hi", "--model", "opus", .. options]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Golden.Matches("text/" + golden, run.Out);
        Assert.Equal("opus", Assert.IsType<PlanCompletionRequest>(Assert.Single(_terminal.Script.Requests)).Input.Model);
    }

    [Fact]
    public async Task Json_with_receipt_option_is_the_same_document()
    {
        _terminal.Script.On<CompleteRequest>(_ => new CompleteResponse
        {
            Completion = Samples.Completion(),
            Receipt = Samples.Receipt(_terminal.Time.GetUtcNow()),
        });
        var run = await _terminal.ClawAsync("complete", "hi", "--json", "--receipt");
        Assert.Equal("", run.Error);
        Golden.Matches("text/complete.json", run.Out);
    }

    [Fact]
    public async Task Json_failure_prints_no_output()
    {
        _terminal.Script.On<CompleteRequest>(
            _ => throw Script.Failure(StatusCode.Unavailable, ErrorReason.Overloaded, "Overloaded"));
        Assert.Equal(
            new Run(1, "", "Error: Overloaded\nTrying again later may help.\n"),
            await _terminal.ClawAsync("complete", "hi", "--json"));
    }

    [Fact]
    public async Task Receipt_is_written_to_standard_error()
    {
        var run = await _terminal.ClawAsync("complete", "hi", "--receipt");
        Assert.Equal("Hello\n", run.Out);
        Golden.Matches("text/receipt.txt", run.Error);
    }

    [Fact]
    public async Task Failed_completion_prints_its_receipt()
    {
        _terminal.Script.Stream = (_, _, _) => throw Script.FailureWithTrailers(
            StatusCode.ResourceExhausted, ErrorReason.RateLimited, "limited", metadata: null, details: [],
            new Metadata { { "clawgrpc-receipt-bin", new Receipt { CompletionId = "cmp_9" }.ToByteArray() } });
        var run = await _terminal.ClawAsync("complete", "hi", "--receipt");
        Assert.Equal("Receipt cmp_9\n  served by   nothing\nError: limited\nSee claw models status.\n", run.Error);
    }

    [Fact]
    public async Task Truncated_answer_names_its_stop_reason()
    {
        StreamsUntil("max_tokens", "Hel");
        Assert.Equal(
            new Run(0, "Hel\n", "Note: the answer stopped with \"max_tokens\".\n"),
            await _terminal.ClawAsync("complete", "hi"));
    }

    private void Streams(params string[] texts) => StreamsUntil("end_turn", texts);

    private void StreamsUntil(string stopReason, params string[] texts)
    {
        var receipt = Samples.Receipt(_terminal.Time.GetUtcNow());
        receipt.StopReason = stopReason;
        _terminal.Script.Stream = async (_, stream, _) =>
        {
            await stream.WriteAsync(new StreamCompleteResponse { Started = new CompletionStarted { CompletionId = "cmp_1" } });
            await stream.WriteAsync(new StreamCompleteResponse { BlockDelta = new ContentBlockDelta { Thinking = "Hm." } });
            await stream.WriteAsync(new StreamCompleteResponse
            {
                BlockStart = new ContentBlockStart { Index = 1, Block = new ContentBlock { Text = new TextBlock() } },
            });
            foreach (var text in texts)
                await stream.WriteAsync(Text(text));
            await stream.WriteAsync(new StreamCompleteResponse { Raw = new RawEvent { Type = "new" } });
            await stream.WriteAsync(new StreamCompleteResponse { Finished = new CompletionFinished { Receipt = receipt } });
        };
    }

    private static StreamCompleteResponse Text(string text) => new()
    {
        BlockDelta = new ContentBlockDelta { Index = 1, Text = text },
    };
}
