using System.CommandLine;
using ClawGrpc.Cli.Completing;
using ClawGrpc.Cli.Invocations;

namespace ClawGrpc.Cli.Commands;

/// <summary><c>claw completion</c>.</summary>
internal static class CompletionCommand
{
    /// <summary>Creates the command.</summary>
    /// <param name="root">The program, whose commands are read when a script is asked for.</param>
    public static Command Create(Func<Command> root) => Globals.Group(
        "completion",
        "Print the script by which a shell completes claw",
        Shell("bash", "For bash: source <(claw completion bash)", ShellScripts.Bash, root),
        Shell("zsh", "For zsh, after compinit: source <(claw completion zsh)", ShellScripts.Zsh, root),
        Shell("fish", "For fish: claw completion fish | source", ShellScripts.Fish, root));

    private static Command Shell(
        string name, string description, Func<IReadOnlyList<CompletedCommand>, string> script, Func<Command> root)
    {
        var command = new Command(name, description);
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(script([.. CompletedCommand.Of(root())])));
        return command;
    }
}
