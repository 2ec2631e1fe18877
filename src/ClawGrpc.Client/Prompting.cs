using System.Runtime.CompilerServices;
using System.Text;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Client;

/// <summary>Completions of a prompt that is text alone, in one line. Everything else is in the generated calls.</summary>
public static class Prompting
{
    /// <summary>The whole answer to a prompt. A repeat is a new completion and is billed.</summary>
    /// <param name="client">The generated client to call.</param>
    /// <param name="prompt">What the user says; not empty.</param>
    /// <param name="model"><c>provider/model</c>, an alias or a short id; empty for the default model of the agent.</param>
    /// <param name="agentId">The agent; empty for the default agent.</param>
    /// <param name="deadline">When the call fails with DEADLINE_EXCEEDED; null for never.</param>
    /// <param name="cancellation">Cancels the call, and with it the request to Anthropic.</param>
    /// <exception cref="RpcException">The call failed; <see cref="ClawGrpcError.From"/> reads why.</exception>
    public static async Task<Answer> CompleteAsync(
        this ModelService.ModelServiceClient client,
        string prompt,
        string model = "",
        string agentId = "",
        DateTime? deadline = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var request = new CompleteRequest { Input = InputOf(prompt, model, agentId) };
        var response = await client.CompleteAsync(request, deadline: deadline, cancellationToken: cancellation);
        return new Answer(response.Completion, response.Receipt);
    }

    /// <summary>The text of the answer to a prompt, piece by piece as it comes. To leave the loop cancels the call. A repeat is a
    /// new completion and is billed.</summary>
    /// <param name="client">The generated client to call.</param>
    /// <param name="prompt">What the user says; not empty.</param>
    /// <param name="model"><c>provider/model</c>, an alias or a short id; empty for the default model of the agent.</param>
    /// <param name="agentId">The agent; empty for the default agent.</param>
    /// <param name="deadline">When the call fails with DEADLINE_EXCEEDED; null for never.</param>
    /// <param name="finished">Called with the receipt after the last piece; null to ignore it.</param>
    /// <param name="cancellation">Cancels the call, and with it the request to Anthropic.</param>
    /// <exception cref="RpcException">The call failed; <see cref="ClawGrpcError.From"/> reads why.</exception>
    public static async IAsyncEnumerable<string> StreamAsync(
        this ModelService.ModelServiceClient client,
        string prompt,
        string model = "",
        string agentId = "",
        DateTime? deadline = null,
        Action<Receipt>? finished = null,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        var request = new StreamCompleteRequest { Input = InputOf(prompt, model, agentId) };
        using var call = client.StreamComplete(request, deadline: deadline, cancellationToken: cancellation);
        await foreach (var message in call.ResponseStream.ReadAllAsync(cancellation))
        {
            if (message.BlockDelta is { HasText: true } delta)
                yield return delta.Text;
            else if (message.Finished is { } end)
                finished?.Invoke(end.Receipt);
        }
    }

    private static CompletionInput InputOf(string prompt, string model, string agentId)
    {
        var text = new ContentBlock { Text = new TextBlock { Text = prompt } };
        var messages = new MessagesRequest { Messages = { new Message { Role = Role.User, Content = { text } } } };
        return new CompletionInput { Messages = messages, Model = model, AgentId = agentId };
    }
}

/// <summary>An answer.</summary>
/// <param name="Completion">The answer with all its blocks.</param>
/// <param name="Receipt">What was really done, and what it cost.</param>
public sealed record Answer(Completion Completion, Receipt Receipt)
{
    /// <summary>The text of the answer; empty if it has none, such as a mere tool call.</summary>
    public string Text =>
        Completion.Content.Aggregate(new StringBuilder(), (all, block) => all.Append(block.Text?.Text)).ToString();

    /// <summary>The text.</summary>
    public override string ToString() => Text;
}
