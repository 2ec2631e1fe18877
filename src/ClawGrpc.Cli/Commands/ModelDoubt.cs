using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.V1;
using Grpc.Core;

namespace ClawGrpc.Cli.Commands;

/// <summary>Warns of a model that may not exist: a misspelled name fails only when a completion needs it.</summary>
internal static class ModelDoubt
{
    /// <summary>
    /// Warns of a model that is not known, and asks at a terminal whether to go on. A script goes on: it must not wait for an
    /// answer that cannot come.
    /// </summary>
    /// <param name="invocation">The run of the command.</param>
    /// <param name="model">The model as it was given.</param>
    /// <param name="yes">Whether to go on without asking.</param>
    /// <param name="cancellation">Ends the question.</param>
    /// <returns>Whether to go on.</returns>
    public static async Task<bool> AcceptsAsync(
        Invocation invocation, string model, bool yes, CancellationToken cancellation)
    {
        if (!await WarnAsync(invocation, model, cancellation) || yes || !invocation.Environment.InputIsTerminal)
            return true;
        var console = invocation.Environment.PromptConsole();
        return await Prompts.ConfirmAsync(console, "Use it anyway?", defaultAnswer: false, cancellation);
    }

    /// <summary>Warns on standard error of a model that is not known.</summary>
    /// <returns>Whether it warned.</returns>
    public static async Task<bool> WarnAsync(Invocation invocation, string model, CancellationToken cancellation)
    {
        var request = new ResolveModelRequest { AgentId = invocation.AgentId, Model = model };
        try
        {
            var resolved = await invocation.Models.ResolveModelAsync(request, cancellationToken: cancellation);
            if (resolved.Known)
                return false;
            invocation.Error.Write($"Warning: {resolved.Problem}\n");
            invocation.Error.Flush();
            return true;
        }
        catch (RpcException) when (!cancellation.IsCancellationRequested)
        {
            // The change itself says what is wrong, with the name or with the server.
            return false;
        }
    }
}
