using System.CommandLine;
using System.Text.Json;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using ClawGrpc.Client;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw complete</c>.</summary>
internal static class CompleteCommand
{
    public static Command Create(Globals globals)
    {
        var options = new CompleteOptions();
        const string description = "Complete a prompt; the text comes as the model writes it";
        return globals.Command("complete", description, options.All, async (invocation, cancellation) =>
        {
            var longest = options.LongestOf(invocation);
            var input = await options.ReadAsync(invocation, cancellation);
            var call = new CallOptions(
                deadline: longest is { } time ? DateTime.UtcNow + time : null, cancellationToken: cancellation);
            try
            {
                if (invocation.Get(options.Plan))
                    await PlanAsync(invocation, input, invocation.Get(options.Json), call);
                else if (invocation.Get(options.Json))
                    await WholeAsync(invocation, input, call);
                else
                    ShowReceipt(invocation, options, await AnswerText.StreamAsync(invocation, input, call));
                return 0;
            }
            catch (RpcException exception)
            {
                // Failed completions have a receipt too.
                ShowReceipt(invocation, options, ClawGrpcError.From(exception).Receipt);
                if (exception.StatusCode == StatusCode.DeadlineExceeded && longest is not null)
                {
                    throw CliFailure.Failed(
                        $"There was no whole answer within {invocation.Get(options.Timeout)!.Trim()} (--timeout).");
                }

                throw;
            }
        });
    }

    // Without --receipt at least the attempts that failed, for people: a script reads the error alone, as of OpenClaw.
    private static void ShowReceipt(Invocation invocation, CompleteOptions options, Receipt? receipt)
    {
        if (receipt is null)
            return;
        if (invocation.Get(options.Receipt))
        {
            ReceiptText.Write(invocation.Error, receipt);
            return;
        }

        if (!invocation.Environment.ErrorIsTerminal)
            return;
        foreach (var failure in ReceiptText.Failures(receipt))
            invocation.Error.Write($"Note: {failure}\n");
    }

    private static async Task PlanAsync(Invocation invocation, CompletionInput input, bool asJson, CallOptions call)
    {
        var request = new PlanCompletionRequest { Input = input };
        var response = await invocation.Models.PlanCompletionAsync(request, call);
        if (!asJson)
        {
            ReceiptText.Write(invocation.Out, response.Receipt);
            invocation.Out.Flush();
            return;
        }

        Json.WriteDocument(invocation.Out, json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("plan");
            ReceiptJson.Write(json, response.Receipt);
            json.WriteEndObject();
        });
    }

    private static async Task WholeAsync(Invocation invocation, CompletionInput input, CallOptions options)
    {
        var request = new CompleteRequest { Input = input, RawJson = true };
        var response = await invocation.Models.CompleteAsync(request, options);
        Json.WriteDocument(invocation.Out, json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("completion");
            using var completion = JsonDocument.Parse(response.Completion.RawJson.Memory);
            completion.WriteTo(json);
            json.WritePropertyName("receipt");
            ReceiptJson.Write(json, response.Receipt);
            json.WriteEndObject();
        });
    }
}
