using System.CommandLine;
using System.CommandLine.Help;
using ClawGrpc.Cli.Commands;
using ClawGrpc.Cli.Input;
using ClawGrpc.Cli.Invocations;
using ClawGrpc.Cli.Rendering;
using Grpc.Core;

namespace ClawGrpc.Cli.Running;

/// <summary>The program: from a command line to an exit code.</summary>
internal static class ClawProgram
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">The arguments, without the program's name.</param>
    /// <param name="environment">The terminal, the variables and the clock of the run.</param>
    /// <param name="cancellation">Ends the command as Ctrl-C does.</param>
    /// <returns>0 on success, 1 after a failure or a usage error, 130 when interrupted, and the codes that a command
    /// documents.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, CliEnvironment environment, CancellationToken cancellation = default)
    {
        var globals = new Globals(environment);
        // Response files are off: a leading @ belongs to a prompt or to --system @file.
        var tree = Tree(globals, environment.OutputColumns());
        var parsed = tree.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        try
        {
            if (parsed.Action is not HelpAction && UsageError.Of(parsed) is { } usageError)
                throw usageError;
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = environment.Out,
                    Error = environment.Error,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellation);
        }
        catch (PromptEndedException ended)
        {
            Fail(environment, ended.Message);
            return ended.Interrupted ? Interrupted : Failed;
        }
        catch (Exception exception) when (cancellation.IsCancellationRequested && IsCancellation(exception))
        {
            return Interrupted;
        }
        catch (CliFailure failure)
        {
            return Fail(environment, Secrets.Mask(failure.Message));
        }
        catch (RpcException exception)
        {
            var target = Target.Of(parsed, globals);
            var hasToken = target.Options.TokenOrigin(target.Endpoint) is not null;
            return Fail(environment, "Error: " + FailureText.Of(exception, target.Endpoint, hasToken));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A bug of the program: one line, no stack trace.
            return Fail(environment, $"Error: {Secrets.Mask(exception.Message)} ({exception.GetType().Name})");
        }
    }

    /// <summary>All commands.</summary>
    /// <param name="globals">What every command has.</param>
    /// <param name="columns">The width of the terminal that help is printed on; null if there is none.</param>
    public static Command Tree(Globals globals, int? columns = null)
    {
        Command root = null!;
        root = Globals.Group(
            "claw",
            "Calls ClawGrpc, the service that holds the Claude credentials of your agents",
            OnboardCommand.Create(globals),
            ModelsCommand.Create(globals),
            UsageCommand.Create(globals),
            AgentsCommand.Create(globals),
            ClientsCommand.Create(globals),
            WhoAmICommand.Create(globals),
            ContextsCommand.Create(globals),
            ConnectCommand.Create(globals),
            DoctorCommand.Create(globals),
            SecretsCommands.Create(globals),
            AuditCommands.Create(globals),
            TransferCommands.Import(globals),
            TransferCommands.Export(globals),
            CompleteCommand.Create(globals),
            ChatCommand.Create(globals),
            CompletionCommand.Create(() => root),
            HelpCommand.Create(() => root),
            new Command("version", "Show the version") { Action = new VersionAction() });
        root.Add(globals.Endpoint);
        root.Add(globals.Context);
        root.Add(globals.Agent);
        root.Add(globals.TokenFile);
        root.Add(globals.Ca);
        root.Add(new Option<bool>("--help", "-h")
        {
            Description = "Display help for command",
            Recursive = true,
            Action = HelpText.ActionFor(columns),
        });
        root.Add(new Option<bool>("--version", "-V") { Description = "Show the version", Action = new VersionAction() });
        return root;
    }

    private static bool IsCancellation(Exception exception) =>
        exception is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };

    private static int Fail(CliEnvironment environment, string text)
    {
        environment.Error.Write(text + "\n");
        environment.Error.Flush();
        return Failed;
    }
}
