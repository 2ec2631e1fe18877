using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw chat</c>: a conversation at the terminal.</summary>
internal static class ChatCommand
{
    private const int SessionBytes = 6;
    private const int Interrupted = 130;

    private const string Help =
        """
        /model NAME                  the model from now on; alone: says which
        /retention none|short|long   how long the prompt cache lasts from now on
        /help                        this
        /exit                        ends; so does Ctrl-D
        //TEXT                       says a text that begins with a slash
        Ctrl-C ends the answer; on an empty line it ends the chat. Up and Down show what was said before.
        """;

    public static Command Create(Globals globals)
    {
        var options = new CompleteOptions();
        const string description = "Talk with a model; Ctrl-C ends the answer, Ctrl-D the chat";
        Symbol[] symbols = [options.Model, options.System, options.Session, options.Cache, options.MaxTokens];
        return globals.Command("chat", description, symbols, async (invocation, cancellation) =>
        {
            var settings = await options.SettingsAsync(invocation, cancellation);
            var session = settings.SessionId.Length > 0
                ? settings.SessionId
                : $"chat-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SessionBytes))}";
            var conversation = new Conversation(session, settings);
            using var input = new ChatInput(invocation.Environment);
            if (input.IsTerminal)
                input.Say("/help lists the commands; Ctrl-D ends.");
            try
            {
                while (await input.ReadAsync(cancellation) is { } line && line.Trim() is not "/exit" and var text)
                    await TakeAsync(invocation, conversation, input, text, cancellation);
                return 0;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Ctrl-C on an empty line.
                input.Say("");
                return Interrupted;
            }
        });
    }

    private static Task TakeAsync(
        Invocation invocation, Conversation conversation, ChatInput input, string text, CancellationToken cancellation)
    {
        // What is pasted with its lines is a text, whatever it begins with.
        var isCommand = text.StartsWith('/') && !text.Contains('\n');
        if (isCommand && !text.StartsWith("//", StringComparison.Ordinal))
        {
            Obey(conversation, input, text);
            return Task.CompletedTask;
        }

        return text.Length == 0
            ? Task.CompletedTask
            : AnswerAsync(invocation, conversation, input, isCommand ? text[1..] : text, cancellation);
    }

    private static async Task AnswerAsync(
        Invocation invocation, Conversation conversation, ChatInput input, string text, CancellationToken cancellation)
    {
        var answer = new StringBuilder();
        var request = conversation.Next(text);
        try
        {
            var receipt = await invocation.Environment.Interrupts.DuringAsync(
                ends => AnswerText.StreamAsync(invocation, request, new CallOptions(cancellationToken: ends), answer),
                cancellation);
            if (receipt is not null)
                input.SayDimly(LineOf(receipt));
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && IsCancellation(exception))
        {
            input.SayDimly("Stopped.");
        }
        catch (Exception exception) when (input.IsTerminal && exception is RpcException or CliFailure)
        {
            // The conversation goes on; the question can be asked again.
            input.Say(exception is RpcException failed
                ? $"Error: {FailureText.Of(failed, invocation.Endpoint, hasToken: true)}"
                : exception.Message);
        }

        conversation.Keep(text, answer);
    }

    private static void Obey(Conversation conversation, ChatInput input, string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        switch (words)
        {
            case ["/help"]:
                input.Say(Help);
                break;
            case ["/model"]:
                input.Say($"Model: {(conversation.Model.Length > 0 ? conversation.Model : "the configured one")}");
                break;
            case ["/model", var model]:
                conversation.Model = model;
                input.Say($"Model: {model}");
                break;
            case ["/retention", "none" or "short" or "long"]:
                conversation.Retention = CompleteOptions.RetentionOf(words[1]);
                input.Say($"Retention: {words[1]}");
                break;
            case ["/retention", ..]:
                input.Say("Expected /retention none, short or long.");
                break;
            default:
                input.Say($"Unknown command {Secrets.Mask(words[0])}. /help lists them.");
                break;
        }
    }

    private static string LineOf(Receipt receipt)
    {
        var usage = receipt.Usage ?? new Usage();
        var cost = receipt.Cost is { } paid ? $" · {Words.Dollars(paid.TotalNanoUsd)}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{receipt.Model} · {usage.InputTokens} in, {usage.OutputTokens} out · "
            + $"cache {usage.CacheReadInputTokens} read, {usage.CacheCreationInputTokens} written{cost}");
    }

    private static bool IsCancellation(Exception exception) =>
        exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };
}
