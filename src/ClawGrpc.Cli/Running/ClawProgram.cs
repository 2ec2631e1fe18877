using System.CommandLine;
using ClawGrpc.Cli.Commands;
using ClawGrpc.Cli.Input;
using Grpc.Core;

namespace ClawGrpc.Cli;

/// <summary>The program: from a command line to an exit code, in any surroundings.</summary>
internal static class ClawProgram
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="surroundings">The outside.</param>
    /// <param name="cancellation">Ends the command as Ctrl-C does.</param>
    /// <returns>0: done; 1: failed, or called wrongly; 130: interrupted; what a command documents besides.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Surroundings surroundings, CancellationToken cancellation = default)
    {
        var globals = new Globals(surroundings);
        // A leading @ belongs to a prompt or to --system @file: no response files.
        var parsed = Tree(globals).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            if (parsed.Action is not System.CommandLine.Help.HelpAction && WrongCall.Of(parsed) is { } wrong) throw wrong;
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = surroundings.Out,
                    Error = surroundings.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellation);
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && IsCancellation(e))
        {
            return Interrupted;
        }
        catch (CliFailure failure)
        {
            return Say(surroundings, Secrets.CutOut(failure.Message));
        }
        catch (RpcException e)
        {
            return Say(surroundings, "Error: " + FailureText.Of(e, Invocation.EndpointOf(parsed, globals)));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of the program's own: still one line, and no stack for people to wade through.
            return Say(surroundings, $"Error: {Secrets.CutOut(e.Message)} ({e.GetType().Name})");
        }
    }

    /// <summary>All commands.</summary>
    public static Command Tree(Globals globals)
    {
        var root = Globals.Group(
            "claw",
            "Calls ClawGrpc, the service that holds the Claude credentials of your agents",
            OnboardCommand.Create(globals),
            ModelsCommand.Create(globals),
            AgentsCommand.Create(globals),
            CompleteCommand.Create(globals));
        root.Add(globals.Endpoint);
        root.Add(globals.Agent);
        root.Add(new Option<bool>("--help", "-h") { Description = "Display help for command", Recursive = true, Action = HelpText.Action });
        root.Add(new Option<bool>("--version") { Description = "Show the version", Action = new VersionAction() });
        return root;
    }

    private static bool IsCancellation(Exception e) => e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    private static int Say(Surroundings surroundings, string text)
    {
        surroundings.Error.Write(text + "\n");
        surroundings.Error.Flush();
        return Failed;
    }
}
