using System.Text;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary>The text of an answer, written to standard output as it comes.</summary>
internal static class AnswerText
{
    /// <summary>Streams a completion.</summary>
    /// <param name="invocation">The command.</param>
    /// <param name="input">What to complete.</param>
    /// <param name="options">The deadline and the cancellation of the call.</param>
    /// <param name="text">Gets the text too, as far as it came.</param>
    /// <returns>The receipt; null if the server sent none.</returns>
    public static async Task<Receipt?> StreamAsync(
        Invocation invocation, CompletionInput input, CallOptions options, StringBuilder? text = null)
    {
        var request = new StreamCompleteRequest { Input = input };
        using var waiting = new WaitingLine(invocation.Environment);
        using var call = invocation.Models.StreamComplete(request, options);
        var lastCharacter = '\n';
        try
        {
            while (await call.ResponseStream.MoveNext(options.CancellationToken))
            {
                var part = call.ResponseStream.Current;
                if (part.Finished is { } finished)
                {
                    WriteStopReason(invocation, finished.Receipt?.StopReason ?? "");
                    return finished.Receipt;
                }

                var more = TextOf(part);
                if (more.Length == 0)
                    continue;
                waiting.Dispose();
                text?.Append(more);
                invocation.Out.Write(more);
                invocation.Out.Flush();
                lastCharacter = more[^1];
            }
        }
        finally
        {
            waiting.Dispose();

            // An error text or the shell's prompt follows on its own line.
            if (lastCharacter != '\n')
                invocation.Out.Write('\n');
            invocation.Out.Flush();
        }

        throw CliFailure.Failed("The answer ended before it was complete.");
    }

    private static string TextOf(StreamCompleteResponse part) => part.EventCase switch
    {
        StreamCompleteResponse.EventOneofCase.BlockStart => part.BlockStart.Block?.Text?.Text ?? "",
        StreamCompleteResponse.EventOneofCase.BlockDelta => part.BlockDelta.HasText ? part.BlockDelta.Text : "",
        _ => "",
    };

    private static void WriteStopReason(Invocation invocation, string stopReason)
    {
        if (stopReason is "" or "end_turn" or "stop_sequence")
            return;
        invocation.Error.Write($"Note: the answer stopped with \"{stopReason}\".\n");
    }
}
